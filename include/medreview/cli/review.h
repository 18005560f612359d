/* `medreview review`: patients reviewed offline. No network, no store. */
#ifndef MEDREVIEW_CLI_REVIEW_H
#define MEDREVIEW_CLI_REVIEW_H

#include <stdio.h>

/* argv[0] is "review". Results on standard output, messages on standard error; returns the exit code
 * (product.md section 3): 0 done; 1 done, but some input was refused (one line each on standard error); 2 wrong usage,
 * configuration or knowledge; 3 a file cannot be read, the output cannot be written, memory is short. */
int mr_cli_review(int argc, char **argv);

/* The same with other streams, for tests. */
int mr_review_command(int argc, char **argv, FILE *in, FILE *out, FILE *errors);

#endif
