/* Private to `medreview review`. */
#ifndef MEDREVIEW_CLI_REVIEW_PARTS_H
#define MEDREVIEW_CLI_REVIEW_PARTS_H

#include "medreview/review/review.h"

#include <stdio.h>

typedef enum mr_review_form { MR_FORM_JSON, MR_FORM_FHIR, MR_FORM_TEXT } mr_review_form;

typedef struct mr_review_job {
    mr_review_knowledge knowledge;
    mr_review_settings settings;
    mr_review_form form;
    mr_review_reader *reader;
    FILE *in, *out, *errors;
    size_t reviews; /* written so far */
    bool refused;   /* some input was */
    bool failed;    /* could not go on: no memory, a file, the output */
} mr_review_job;

/* One file, or standard input for "-": a Bundle of any type, a resource, or NDJSON with one of them a line. What is
 * refused is said and the rest goes on. */
void mr_review_file(mr_review_job *job, const char *path);

/* What a configuration file says about reviews; other keys are for the service, and passed over. */
typedef struct mr_review_config {
    mr_arena *arena;
    mr_span knowledge_dir, terminology_index, terminology_codes, site_id, base_uri, task_intent;
    bool include_draft;
    bool has_as_of;
    mr_day as_of;
    mr_span *disabled, *withdrawn;
    size_t n_disabled, n_withdrawn;
    unsigned suppress_days;
} mr_review_config;
/*   MR_IO        the file cannot be read
 *   MR_INVALID   it is no JSON object, or a key has a value of another kind; err names it */
mr_rc mr_review_config_read(const char *path, mr_review_config *ret, mr_error *err) MR_MUST_CHECK;
void mr_review_config_free(mr_review_config *c);

/* The whole of a stream with 64 zero bytes behind it; free() it. NULL: *ret_rc is MR_IO or MR_NOMEM. */
char *mr_read_all(FILE *f, size_t *ret_len, mr_rc *ret_rc);

#endif
