/* The commands that need the whole house. argv[0] is the command's name; the result is the exit code. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "medreview/base/error.h"

int mr_serve_main(int argc, char **argv);
int mr_demo_main(int argc, char **argv);

/* product.md section 3: 2 wrong usage or configuration, 3 could not do it. */
int mr_exit_code(mr_rc rc);

#endif
