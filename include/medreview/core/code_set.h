/* Code sets of a site: for one concept ("asthma") the codes that stand for it. Read from CSV or from an index file by
 * terminology, put into the ruleset by knowledge. */
#ifndef MEDREVIEW_CORE_CODE_SET_H
#define MEDREVIEW_CORE_CODE_SET_H

#include "medreview/core/ruleset.h"

typedef struct mr_set_code {
    mr_span system, code;
    mr_code_role role;
} mr_set_code;

typedef struct mr_code_set {
    mr_span concept;    /* key of a concept: "asthma" */
    bool replaces;      /* instead of the shipped core set; else beside it */
    mr_span file;       /* for complaints: "asthma.csv" */
    mr_set_code *codes; /* sorted by (system, code, role), each once */
    size_t n_codes;
} mr_code_set;

typedef struct mr_code_sets {
    mr_code_set *sets; /* sorted by concept; at most one that replaces and one that extends of each, in that order */
    size_t n_sets;
} mr_code_sets;

/* Roles as the tables write them: present, event, value, test-done, resolved, remission, no-longer, absent, history,
 * severity-mild, severity-moderate, severity-severe; any other word is MR_ROLE_OTHER, which never satisfies a rule
 * (severity-unspecified, procedure, ...). */
mr_code_role mr_code_role_parse(mr_span word);
const char *mr_code_role_text(mr_code_role role); /* "other" for OTHER */
/* Is it a word that the tables use, or of a family of theirs ("*-unspecified", "severity-*", "stage-*", ...)? What is
 * none is a slip of the pen, and a code with a misspelt role would be lost in silence. */
bool mr_code_role_known(mr_span word);
/* A plain match: PRESENT, EVENT, VALUE, TEST_DONE. */
bool mr_code_role_plain(mr_code_role role);
/* Ends what was recorded before: RESOLVED, REMISSION, NO_LONGER, ABSENT. */
bool mr_code_role_ends(mr_code_role role);

#endif
