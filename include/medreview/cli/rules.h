/* `medreview rules`: the knowledge, looked at from the command line. */
#ifndef MEDREVIEW_CLI_RULES_H
#define MEDREVIEW_CLI_RULES_H

/* argv[0] is the word "rules"; what follows are its arguments. Results go to standard output, messages to standard
 * error. Returns the exit code of the process:
 *   0  done
 *   1  a pack was refused (rules check, rules test) or an example failed
 *   2  wrong usage; --knowledge names a folder that is no valid pack; no rule of that id
 *   3  a file cannot be read, the output cannot be written, memory is short */
int mr_cli_rules(int argc, char **argv);

#endif
