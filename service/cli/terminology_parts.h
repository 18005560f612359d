/* What the terminology commands share. */
#ifndef MEDREVIEW_CLI_TERMINOLOGY_PARTS_H
#define MEDREVIEW_CLI_TERMINOLOGY_PARTS_H

#include "medreview/cli/terminology.h"
#include "medreview/knowledge/knowledge.h"
#include "medreview/terminology/terminology.h"

typedef struct mr_term_job {
    const mr_terminology *terminology;
    const mr_ruleset *rules; /* NULL where groups are not asked for */
    FILE *in, *out, *errors;
    bool json;
    char **arguments;
    int n_arguments;
} mr_term_job;

/* One argument or line as a question: SYSTEM|CODE, a bare code told by its shape, else text. `coding` is storage. */
mr_term_question mr_term_ask(mr_span argument, mr_coding *coding);

/* Begins as JSON does. */
bool mr_term_is_json(mr_span bytes);
/* `each` medicine that FHIR JSON or NDJSON names; `shown` is what a person knows it by. Texts hold until it returns.
 *   MR_MALFORMED  not JSON, or no FHIR;  else what `each` says */
typedef mr_rc mr_term_each(void *arg, const mr_term_question *q, mr_span shown, mr_arena *a, mr_error *err);
mr_rc mr_term_resources(mr_span bytes, mr_term_each *each, void *arg, mr_error *err);

/* Each returns an exit code. */
int mr_term_lookup(const mr_term_job *job);
int mr_term_coverage(const mr_term_job *job);
/* Arguments as mr_terminology_command has them. */
int mr_term_import(int argc, char **argv, FILE *out, FILE *errors);

#endif
