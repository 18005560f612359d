/* `medreview terminology`: options and the choice of command. */
#include "review_parts.h"
#include "terminology_parts.h"

#include <string.h>

static const char usage[] =
    "Usage: medreview terminology lookup [--format text|json] [--knowledge DIR] [OPTION...] CODE_OR_TEXT...\n"
    "       medreview terminology coverage [OPTION...] FILE...\n"
    "       medreview terminology import --dmd ZIP_OR_DIR [--bonus ZIP_OR_DIR] [--codes DIR] --output FILE\n"
    "\n"
    "lookup    how each code or text is understood, step by step. A code is told by its shape (dm+d or SNOMED CT id,\n"
    "          ATC, BNF); SYSTEM|CODE says it: dmd|319775004, atc|M01AE02, rxnorm|7258, bnf|0206020A0AAABAB\n"
    "coverage  what share of a list is recognised: a CSV with a column of codes or names, one of them a line, or the\n"
    "          medicines of FHIR JSON (a resource, a Bundle, NDJSON)\n"
    "import    compiles a dm+d release to an index; see import --help\n"
    "\n"
    "  --terminology FILE  an index of import, over the shipped table\n"
    "  --config FILE       terminology.index and knowledge.dir are read from it; options above go before\n";

typedef struct options {
    const char *knowledge, *terminology, *config;
    bool json, help;
    int first; /* of what is no option */
} options;

static bool set_value(options *o, const char *name, const char *value) {
    if (strcmp(name, "--knowledge") == 0) return o->knowledge = value, true;
    if (strcmp(name, "--terminology") == 0) return o->terminology = value, true;
    if (strcmp(name, "--config") == 0) return o->config = value, true;
    if (strcmp(name, "--format") != 0) return false;
    o->json = strcmp(value, "json") == 0;
    return o->json || strcmp(value, "text") == 0;
}

/* --name VALUE or --name=VALUE; options end at "--" or at what is none. "-" is standard input, no option. */
static bool read_options(int argc, char **argv, options *o) {
    int i = 2;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        char name[32];
        const char *equals = strchr(argv[i], '=');
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (strcmp(argv[i], "--help") == 0) return o->help = true;
        size_t n = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        if (n >= sizeof name || (!equals && i + 1 == argc)) return false;
        memcpy(name, argv[i], n);
        name[n] = 0;
        if (!set_value(o, name, equals ? equals + 1 : argv[i + 1])) return false;
        if (!equals) i++;
    }
    o->first = i;
    return true;
}

static int failed(FILE *errors, const mr_error *err) {
    fprintf(errors, "medreview terminology: %s\n", err->text);
    return 3;
}

/* The groups of a medicine stand in what lookup prints, so it needs the knowledge too. */
static int lookup(mr_term_job *job, const options *o) {
    mr_knowledge *knowledge;
    mr_buf complaints;
    mr_error err;
    mr_buf_init(&complaints, 1u << 20);
    mr_rc rc = mr_knowledge_load(&(mr_knowledge_options){.dir = o->knowledge}, &knowledge, &complaints, &err);
    if (rc != MR_OK) fputs(mr_buf_z(&complaints), job->errors);
    mr_buf_free(&complaints);
    if (rc != MR_OK) return failed(job->errors, &err);
    job->rules = mr_knowledge_rules(knowledge);
    int code = mr_term_lookup(job);
    mr_knowledge_free(knowledge);
    return code;
}

static int run(int argc, char **argv, const options *o, mr_term_job *job) {
    mr_terminology *t;
    mr_error err;
    mr_rc rc = o->terminology ? mr_terminology_open(o->terminology, &t, &err) : mr_terminology_builtin(&t, &err);
    if (rc != MR_OK) return failed(job->errors, &err);
    job->terminology = t;
    job->json = o->json;
    job->arguments = argv + o->first;
    job->n_arguments = argc - o->first;
    int code = strcmp(argv[1], "lookup") == 0 ? lookup(job, o) : mr_term_coverage(job);
    mr_terminology_free(t);
    return code;
}

/* Options stand before what the file says. An index that is configured and does not open is wrong configuration. */
static int configured(int argc, char **argv, options *o, mr_term_job *job) {
    mr_review_config c;
    mr_error err;
    if (!o->config) return run(argc, argv, o, job);
    mr_rc rc = mr_review_config_read(o->config, &c, &err);
    if (rc != MR_OK) {
        fprintf(job->errors, "medreview terminology: %s: %s\n", o->config, err.text);
        return rc == MR_INVALID ? 2 : 3;
    }
    if (!o->knowledge && c.knowledge_dir.len) o->knowledge = c.knowledge_dir.ptr;
    if (!o->terminology && c.terminology_index.len) o->terminology = c.terminology_index.ptr;
    int code = run(argc, argv, o, job);
    mr_review_config_free(&c);
    return code;
}

int mr_terminology_command(int argc, char **argv, FILE *in, FILE *out, FILE *errors) {
    options o = {.first = argc};
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "import") == 0) return mr_term_import(argc, argv, out, errors);
    bool known = strcmp(command, "lookup") == 0 || strcmp(command, "coverage") == 0;
    bool asks = strcmp(command, "--help") == 0;
    if (!asks && (!known || !read_options(argc, argv, &o) || (!o.help && o.first == argc))) {
        fputs(usage, errors);
        return 2;
    }
    if (asks || o.help) {
        fputs(usage, out);
        return 0;
    }
    mr_term_job job = {.in = in, .out = out, .errors = errors};
    return configured(argc, argv, &o, &job);
}

int mr_cli_terminology(int argc, char **argv) {
    return mr_terminology_command(argc, argv, stdin, stdout, stderr);
}
