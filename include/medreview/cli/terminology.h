/* `medreview terminology lookup|coverage|import`: how codes and texts are understood. No network, no store. */
#ifndef MEDREVIEW_CLI_TERMINOLOGY_H
#define MEDREVIEW_CLI_TERMINOLOGY_H

#include <stdio.h>

/* argv[0] is "terminology". Results on standard output, messages on standard error; returns the exit code
 * (product.md section 3): 0 done; 1 something was not recognised or refused; 2 wrong usage; 3 could not do it. */
int mr_cli_terminology(int argc, char **argv);

/* The same with other streams, for tests. */
int mr_terminology_command(int argc, char **argv, FILE *in, FILE *out, FILE *errors);

#endif
