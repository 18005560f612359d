/* `medreview review`: arguments, knowledge, then one file after the other. */
#include "medreview/cli/review.h"

#include "medreview/review/basis.h"
#include "review_parts.h"
#include "today.h"

#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };

static const char help[] =
    "Usage: medreview review [OPTION...] [FILE...]\n"
    "\n"
    "Reviews patients offline. A FILE holds one FHIR R4 Bundle of any type, one resource, or NDJSON with one Bundle a\n"
    "line; \"-\", or no FILE, is standard input. Several patients in one Bundle: one review each, ordered by id.\n"
    "\n"
    "  --as-of DATE        the day that counts as today, YYYY-MM-DD (default: today in the United Kingdom)\n"
    "  --format FORM       json (default): one object a patient, one a line; fhir: a transaction Bundle of "
    "DetectedIssue\n"
    "                      and Task a patient, one a line; text: a page for a person\n"
    "  --explain           also says how every rule came out (json, text)\n"
    "  --knowledge DIR     extends the shipped packs; a file of the same name replaces the shipped one\n"
    "  --include-draft     runs rules in state draft too\n"
    "  --terminology FILE  an index made by `medreview terminology import`\n"
    "  --config FILE       the service's configuration; what concerns reviews is used, options win over it\n"
    "  --help              this page\n"
    "\n"
    "A medicine that is not recognised is output, not a fault. Exit status: 0 done; 1 done, but some input was "
    "refused\n"
    "(one line each on standard error); 2 wrong usage, configuration or knowledge; 3 a file cannot be read, the "
    "output\n"
    "cannot be written, or memory is short.\n";

typedef struct request {
    mr_review_form form;
    const char *as_of, *knowledge, *terminology, *config;
    bool explain, include_draft, help;
    const char **files; /* room for argc */
    size_t n_files;
    FILE *errors;
} request;

static int usage(const request *r, const char *fmt, ...) MR_PRINTF(2, 3);
static int usage(const request *r, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    (void)fputs("medreview review: ", r->errors);
    (void)vfprintf(r->errors, fmt, args);
    (void)fputs("\nTry 'medreview review --help'.\n", r->errors);
    va_end(args);
    return EXIT_USAGE;
}

static int take_form(request *r, const char *text) {
    static const char *const names[] = {[MR_FORM_JSON] = "json", [MR_FORM_FHIR] = "fhir", [MR_FORM_TEXT] = "text"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            r->form = (mr_review_form)i;
            return EXIT_DONE;
        }
    return usage(r, "'%s' is no form: json, fhir or text", text);
}

static int take_value(request *r, const char *name, const char *value) {
    if (!value) return usage(r, "%s needs a value", name);
    if (strcmp(name, "--format") == 0) return take_form(r, value);
    if (strcmp(name, "--as-of") == 0) r->as_of = value;
    if (strcmp(name, "--knowledge") == 0) r->knowledge = value;
    if (strcmp(name, "--terminology") == 0) r->terminology = value;
    if (strcmp(name, "--config") == 0) r->config = value;
    return EXIT_DONE;
}

/* An option that stands alone; false: there is none of that name. */
static bool take_flag(request *r, const char *name) {
    if (strcmp(name, "--explain") == 0)
        r->explain = true;
    else if (strcmp(name, "--include-draft") == 0)
        r->include_draft = true;
    else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        r->help = true;
    else
        return false;
    return true;
}

/* "--name value" or "--name=value". */
static int take_option(request *r, int argc, char **argv, int *i) {
    static const char *const valued[] = {"--format", "--as-of", "--knowledge", "--terminology", "--config"};
    if (take_flag(r, argv[*i])) return EXIT_DONE;
    for (size_t k = 0; k < sizeof valued / sizeof *valued; k++) {
        size_t n = strlen(valued[k]);
        if (strncmp(argv[*i], valued[k], n) != 0) continue;
        if (argv[*i][n] == '=') return take_value(r, valued[k], argv[*i] + n + 1);
        if (!argv[*i][n]) return take_value(r, valued[k], ++*i < argc ? argv[*i] : NULL);
    }
    return usage(r, "there is no option '%s'", argv[*i]);
}

static int read_arguments(request *r, int argc, char **argv) {
    bool options = true;
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            int code = take_option(r, argc, argv, &i);
            if (code) return code;
        } else {
            r->files[r->n_files++] = argv[i];
        }
    }
    if (!r->n_files) r->files[r->n_files++] = "-";
    return EXIT_DONE;
}

/* ---- settings ---- */

/* What was said of single lines is told also when the whole was taken. */
static int open_basis(const request *r, const mr_review_config *c, mr_basis **ret) {
    mr_basis_options options = {.knowledge_dir = r->knowledge ? r->knowledge : c->knowledge_dir.ptr,
                                .terminology_file = r->terminology ? r->terminology : c->terminology_index.ptr,
                                .codes_dir = c->terminology_codes.ptr};
    mr_error err = {0};
    mr_buf complaints;
    mr_buf_init(&complaints, 64 << 20);
    mr_rc rc = mr_basis_open(&options, ret, &complaints, &err);
    (void)fputs(mr_buf_z(&complaints), r->errors);
    if (rc) (void)fprintf(r->errors, "medreview review: %s\n", err.text);
    mr_buf_free(&complaints);
    return !rc ? EXIT_DONE : rc == MR_MALFORMED || rc == MR_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

static mr_span or_else(mr_span s, const char *otherwise) {
    return s.len ? s : mr_span_of(otherwise);
}

static int fill_settings(const request *r, const mr_review_config *c, const mr_ruleset *rules,
                         mr_review_settings *ret) {
    mr_day as_of = c->as_of;
    if (r->as_of && !mr_day_parse(mr_span_of(r->as_of), &as_of))
        return usage(r, "--as-of: '%s' is no date of the form YYYY-MM-DD", r->as_of);
    if (!r->as_of && !c->has_as_of) as_of = mr_today();
    *ret = (mr_review_settings){
        .site = {.id = or_else(c->site_id, "medreview"),
                 .base_uri = or_else(c->base_uri, "https://medreview.example.org"),
                 .task_intent = or_else(c->task_intent, "proposal"),
                 .software = MR_SPAN("offline"),
                 .knowledge = rules->version},
        .run = {.as_of = as_of,
                .include_draft = r->include_draft || c->include_draft,
                .explain = r->explain,
                .site_key = MR_SPAN(MR_OFFLINE_KEY),
                .source = MR_SPAN("offline"),
                .disabled = c->disabled,
                .n_disabled = c->n_disabled,
                .withdrawn = c->withdrawn,
                .n_withdrawn = c->n_withdrawn},
        .withdrawn = c->withdrawn,
        .n_withdrawn = c->n_withdrawn,
        .suppress_days = c->suppress_days,
        .offline = true,
    };
    return EXIT_DONE;
}

static int review_files(const request *r, mr_review_job *job) {
    job->reader = mr_review_reader_new();
    job->failed = !job->reader;
    for (size_t i = 0; i < r->n_files && job->reader; i++) mr_review_file(job, r->files[i]);
    mr_review_reader_free(job->reader);
    if (fflush(job->out) != 0) job->failed = true;
    return job->failed ? EXIT_FAILED : job->refused ? EXIT_REFUSED : EXIT_DONE;
}

static int run(const request *r, FILE *in, FILE *out) {
    mr_review_config config = {.arena = NULL};
    mr_basis *basis = NULL;
    mr_error err = {0};
    mr_review_job job = {.form = r->form, .in = in, .out = out, .errors = r->errors};
    mr_rc rc = r->config ? mr_review_config_read(r->config, &config, &err) : MR_OK;
    if (rc) return usage(r, "--config %s: %s", r->config, err.text);
    int code = open_basis(r, &config, &basis);
    if (!code) job.knowledge = *mr_basis_knowledge(basis);
    if (!code) code = fill_settings(r, &config, job.knowledge.rules, &job.settings);
    if (!code) code = review_files(r, &job);
    mr_basis_drop(basis);
    mr_review_config_free(&config);
    return code;
}

int mr_review_command(int argc, char **argv, FILE *in, FILE *out, FILE *errors) {
    request r = {.errors = errors, .files = calloc((size_t)argc + 1, sizeof *r.files)};
    if (!r.files) return EXIT_FAILED;
    int code = read_arguments(&r, argc, argv);
    if (!code && r.help)
        (void)fputs(help, out);
    else if (!code)
        code = run(&r, in, out);
    free(r.files);
    return code;
}

int mr_cli_review(int argc, char **argv) {
    return mr_review_command(argc, argv, stdin, stdout, stderr);
}
