/* `medreview rules`: list, show, check, test and export the knowledge. No store and no network. */
#include "medreview/cli/rules.h"

#include "rules_parts.h"

#include "medreview/base/utf8.h"
#include "medreview/review/fhir_basis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_FAILED = 3, OUTPUT_BYTES = 64 << 20 };

static const char help[] =
    "Usage: medreview rules list [--format text|tsv|json|markdown] [--knowledge DIR]\n"
    "       medreview rules show ID... [--knowledge DIR]\n"
    "       medreview rules check [DIR]\n"
    "       medreview rules test [DIR] [--coverage] [--mutants]\n"
    "       medreview rules export [--format fhir] [--base-uri URI] [--knowledge DIR] DIR\n"
    "\n"
    "The knowledge that reviews run on: rules, drug groups, concepts, scales.\n"
    "\n"
    "  list    all rules, drafts included\n"
    "  show    one rule: its sources, condition, drug groups and examples\n"
    "  check   is the pack valid, and do its examples hold? Faults are FILE:LINE: reason\n"
    "  test    runs the examples that stand beside each rule\n"
    "  export  writes into DIR, which is new or empty: a PlanDefinition for each rule, a ValueSet for each drug "
    "group,\n"
    "          the profiles, and all of them as one transaction Bundle (FHIR R4)\n"
    "\n"
    "With DIR, check and test look at the rules of DIR instead of the shipped ones; drug groups, concepts, harms\n"
    "and scales that DIR lacks come from the shipped ones.\n"
    "\n"
    "  --format FORM     list: text (default), tsv, json or markdown; export: fhir\n"
    "  --base-uri URI    export: what canonical addresses begin with, as site.base_uri of the service\n"
    "                    (default " MR_FHIR_PROFILE_BASE ")\n"
    "  --coverage        test: which kinds of example each rule has; ! marks what no example holds\n"
    "  --mutants         test: small changes of each condition that no example of its rule notices\n"
    "  --knowledge DIR   extends the shipped packs; a file of the same name replaces the shipped one\n"
    "  --help            this page\n"
    "\n"
    "Exit status: 0 done; 1 a pack was refused or an example failed; 2 wrong usage or a pack that --knowledge names\n"
    "is invalid; 3 something could not be read or written.\n";

typedef struct request {
    const char *action;
    const char *const *operands;
    size_t n_operands;
    const char *dir;      /* --knowledge */
    const char *base_uri; /* --base-uri; NULL: not given */
    mr_rules_format format;
    bool format_given, help, mutants, coverage; /* the last two: of test */
} request;

static int usage(const char *fmt, ...) MR_PRINTF(1, 2);

static int usage(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    (void)fputs("medreview rules: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    (void)fputs("\nTry 'medreview rules --help'.\n", stderr);
    va_end(args);
    return EXIT_USAGE;
}

/* ---- arguments ---- */

/* "--name value" or "--name=value": moves *i, and gives NULL after a message when the value is missing. */
static const char *value_of(const char *name, int argc, char **argv, int *i) {
    size_t n = strlen(name);
    if (argv[*i][n] == '=') return argv[*i] + n + 1;
    if (*i + 1 < argc) return argv[++*i];
    (void)usage("%s needs a value", name);
    return NULL;
}

static bool is_option(const char *arg, const char *name) {
    size_t n = strlen(name);
    return strncmp(arg, name, n) == 0 && (arg[n] == 0 || arg[n] == '=');
}

static int take_format(request *r, const char *text) {
    static const char *const names[] = {[MR_RULES_TEXT] = "text",
                                        [MR_RULES_TSV] = "tsv",
                                        [MR_RULES_JSON] = "json",
                                        [MR_RULES_MARKDOWN] = "markdown",
                                        [MR_RULES_FHIR] = "fhir"};
    if (!text) return EXIT_USAGE;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        r->format = (mr_rules_format)i;
        r->format_given = true;
        return EXIT_DONE;
    }
    return usage("'%s' is no form: text, tsv, json or markdown; of an export, fhir", text);
}

static int take_option(request *r, int argc, char **argv, int *i) {
    if (is_option(argv[*i], "--format")) return take_format(r, value_of("--format", argc, argv, i));
    if (is_option(argv[*i], "--knowledge")) {
        r->dir = value_of("--knowledge", argc, argv, i);
        return r->dir ? EXIT_DONE : EXIT_USAGE;
    }
    if (is_option(argv[*i], "--base-uri")) {
        r->base_uri = value_of("--base-uri", argc, argv, i);
        return r->base_uri ? EXIT_DONE : EXIT_USAGE;
    }
    if (strcmp(argv[*i], "--mutants") == 0) {
        r->mutants = true;
        return EXIT_DONE;
    }
    if (strcmp(argv[*i], "--coverage") == 0) {
        r->coverage = true;
        return EXIT_DONE;
    }
    if (strcmp(argv[*i], "--help") == 0 || strcmp(argv[*i], "-h") == 0) {
        r->help = true;
        return EXIT_DONE;
    }
    return usage("there is no option '%s'", argv[*i]);
}

/* Operands are gathered at the front of `operands`, which has room for argc pointers. */
static int read_arguments(int argc, char **argv, const char **operands, request *ret) {
    request r = {.operands = operands};
    bool options = true;
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            int code = take_option(&r, argc, argv, &i);
            if (code != EXIT_DONE) return code;
        } else if (!r.action) {
            r.action = argv[i];
        } else {
            operands[r.n_operands++] = argv[i];
        }
    }
    *ret = r;
    return EXIT_DONE;
}

/* ---- loading and writing ---- */

static int write_out(const mr_buf *out) {
    mr_error err = {0};
    if (out->rc != MR_OK) {
        (void)mr_buf_why(out, &err);
        (void)fprintf(stderr, "medreview rules: %s\n", err.text);
        return EXIT_FAILED;
    }
    mr_span s = mr_buf_span(out);
    if (fwrite(s.ptr, 1, s.len, stdout) == s.len && fflush(stdout) == 0) return EXIT_DONE;
    (void)fputs("medreview rules: standard output cannot be written\n", stderr);
    return EXIT_FAILED;
}

/* `refused`: the exit code when the pack is not valid. */
static int load(const char *dir, bool only_dir, bool examples, int refused, mr_knowledge **ret) {
    mr_knowledge_options options = {.dir = dir, .only_dir = only_dir, .examples = examples};
    mr_error err = {0};
    mr_buf complaints;
    mr_buf_init(&complaints, OUTPUT_BYTES);
    mr_rc rc = mr_knowledge_load(&options, ret, &complaints, &err);
    int code = EXIT_DONE;
    if (rc != MR_OK) {
        (void)fputs(mr_buf_z(&complaints), stderr);
        (void)fprintf(stderr, "medreview rules: %s\n", err.text);
        bool no_folder = rc == MR_INVALID || (rc == MR_IO && (err.detail == ENOENT || err.detail == ENOTDIR));
        code = rc == MR_MALFORMED ? refused : no_folder ? EXIT_USAGE : EXIT_FAILED;
    }
    mr_buf_free(&complaints);
    return code;
}

/* ---- actions ---- */

static int run_list(const request *r) {
    if (r->n_operands) return usage("list takes no '%s'", r->operands[0]);
    if (r->format == MR_RULES_FHIR) return usage("the form fhir is for export");
    mr_knowledge *k;
    int code = load(r->dir, false, false, EXIT_USAGE, &k);
    if (code != EXIT_DONE) return code;
    mr_buf out;
    mr_buf_init(&out, OUTPUT_BYTES);
    mr_rules_list(mr_knowledge_rules(k), r->format, &out);
    code = write_out(&out);
    mr_buf_free(&out);
    mr_knowledge_free(k);
    return code;
}

static const mr_rule *find_rule(const mr_ruleset *rules, mr_span id) {
    for (size_t i = 0; i < rules->n_rules; i++)
        if (mr_span_ieq(rules->rules[i].id, id)) return &rules->rules[i];
    return NULL;
}

static int no_rule(const mr_ruleset *rules, mr_span id) {
    const mr_rule *near = NULL;
    unsigned best = 3;
    for (size_t i = 0; i < rules->n_rules; i++) {
        unsigned d = mr_text_distance(id, rules->rules[i].id, 2);
        if (d >= best) continue;
        best = d;
        near = &rules->rules[i];
    }
    if (near) return usage("there is no rule '%.*s'; did you mean '%.*s'?", MR_SPAN_ARG(id), MR_SPAN_ARG(near->id));
    return usage("there is no rule '%.*s'", MR_SPAN_ARG(id));
}

static int run_show(const request *r) {
    if (!r->n_operands) return usage("show needs the id of a rule");
    if (r->format_given && r->format != MR_RULES_TEXT) return usage("show has the form text only");
    mr_knowledge *k;
    int code = load(r->dir, false, true, EXIT_USAGE, &k);
    if (code != EXIT_DONE) return code;
    mr_buf out;
    mr_buf_init(&out, OUTPUT_BYTES);
    for (size_t i = 0; i < r->n_operands && code == EXIT_DONE; i++) {
        mr_span id = mr_span_of(r->operands[i]);
        const mr_rule *rule = find_rule(mr_knowledge_rules(k), id);
        if (i) mr_buf_addc(&out, '\n');
        if (rule)
            mr_rules_show(mr_knowledge_rules(k), rule, &out);
        else
            code = no_rule(mr_knowledge_rules(k), id);
    }
    if (code == EXIT_DONE) code = write_out(&out);
    mr_buf_free(&out);
    mr_knowledge_free(k);
    return code;
}

/* Loads what is to be checked: DIR alone, or what --knowledge makes of the shipped packs. */
static int load_for_test(const request *r, mr_knowledge **ret) {
    if (r->n_operands > 1) return usage("%s takes one folder, not '%s' too", r->action, r->operands[1]);
    if (r->n_operands && r->dir) return usage("%s takes a folder or --knowledge, not both", r->action);
    if (r->format_given) return usage("%s has no --format", r->action);
    return r->n_operands ? load(r->operands[0], true, true, EXIT_REFUSED, ret)
                         : load(r->dir, false, true, EXIT_REFUSED, ret);
}

static int run_examples(const mr_knowledge *k, mr_buf *report, mr_example_counts *ret) {
    mr_error err = {0};
    if (mr_knowledge_test(k, report, ret, &err) == MR_OK) return EXIT_DONE;
    (void)fprintf(stderr, "medreview rules: %s\n", err.text);
    return EXIT_FAILED;
}

static int run_check_on(const mr_knowledge *k) {
    const mr_ruleset *rules = mr_knowledge_rules(k);
    mr_example_counts counts = {0};
    mr_buf report, out;
    mr_buf_init(&report, OUTPUT_BYTES);
    mr_buf_init(&out, OUTPUT_BYTES);
    int code = run_examples(k, &report, &counts);
    if (code == EXIT_DONE) {
        (void)fputs(mr_buf_z(&report), stderr);
        mr_buf_printf(
            &out, "rules check: %zu rules, %zu drug groups, %zu concepts, %zu harms, %zu scales, %zu faults\n",
            rules->n_rules, rules->n_groups, rules->n_concepts, rules->n_harms, rules->n_scales, counts.failed);
        code = write_out(&out);
        if (code == EXIT_DONE && counts.failed) code = EXIT_REFUSED;
    }
    mr_buf_free(&report);
    mr_buf_free(&out);
    return code;
}

static int run_test_on(const mr_knowledge *k) {
    mr_example_counts counts = {0};
    mr_buf out;
    mr_buf_init(&out, OUTPUT_BYTES);
    int code = run_examples(k, &out, &counts);
    if (code == EXIT_DONE) {
        mr_buf_printf(&out, "rules test: %zu examples, %zu rules, %zu failed\n", counts.examples, counts.rules,
                      counts.failed);
        code = write_out(&out);
        if (code == EXIT_DONE && counts.failed) code = EXIT_REFUSED;
    }
    mr_buf_free(&out);
    return code;
}

static int run_check(const request *r) {
    mr_knowledge *k;
    int code = load_for_test(r, &k);
    if (code != EXIT_DONE) return code;
    code = run_check_on(k);
    mr_knowledge_free(k);
    return code;
}

static int failed(const mr_error *err) {
    (void)fprintf(stderr, "medreview rules: %s\n", err->text);
    return EXIT_FAILED;
}

/* Every small change of a condition against the examples of its rule. */
static int run_mutants_on(const mr_knowledge *k) {
    mr_rule_cover sum = {0};
    mr_error err = {0};
    mr_buf out;
    mr_buf_init(&out, OUTPUT_BYTES);
    mr_rc rc = mr_knowledge_mutants(k, &out, &sum, &err);
    if (rc != MR_OK) {
        mr_buf_free(&out);
        return failed(&err);
    }
    size_t survived = sum.mutants - sum.killed;
    mr_buf_printf(&out, "mutants: %zu, killed %zu, survived %zu (%.1f %%)\n", sum.mutants, sum.killed, survived,
                  sum.mutants ? 100.0 * (double)survived / (double)sum.mutants : 0.0);
    int code = write_out(&out);
    mr_buf_free(&out);
    return code;
}

static int run_coverage_on(const mr_knowledge *k) {
    mr_error err = {0};
    mr_buf out;
    mr_buf_init(&out, OUTPUT_BYTES);
    mr_rc rc = mr_knowledge_coverage(k, &out, &err);
    int code = rc == MR_OK ? write_out(&out) : failed(&err);
    mr_buf_free(&out);
    return code;
}

static int run_test(const request *r) {
    mr_knowledge *k;
    int code = load_for_test(r, &k);
    if (code != EXIT_DONE) return code;
    code = run_test_on(k);
    if (code == EXIT_DONE && r->coverage) code = run_coverage_on(k);
    if (code == EXIT_DONE && r->mutants) code = run_mutants_on(k);
    mr_knowledge_free(k);
    return code;
}

static int export_to(const request *r, const mr_knowledge *k, mr_span base) {
    mr_error err = {0};
    mr_terminology *t = NULL;
    size_t n = 0;
    mr_rc rc = mr_terminology_builtin(&t, &err);
    if (rc == MR_OK) {
        mr_fhir_knowledge of = mr_fhir_basis(mr_knowledge_rules(k), t, base);
        rc = mr_rules_export(&of, r->operands[0], &n, &err);
    }
    mr_terminology_free(t);
    if (rc != MR_OK) {
        (void)fprintf(stderr, "medreview rules: %s\n", err.text);
        return rc == MR_INVALID ? EXIT_USAGE : EXIT_FAILED;
    }
    const mr_ruleset *rules = mr_knowledge_rules(k);
    (void)printf("rules export: %zu rules, %zu drug groups, %zu profiles and code systems\n", rules->n_rules,
                 rules->n_groups, n - rules->n_rules - rules->n_groups);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int run_export(const request *r) {
    mr_span base = mr_span_of(r->base_uri ? r->base_uri : MR_FHIR_PROFILE_BASE);
    mr_knowledge *k;
    if (r->n_operands != 1) return usage("export needs one folder to write into");
    if (r->format_given && r->format != MR_RULES_FHIR) return usage("export has the form fhir only");
    if (!mr_fhir_base_ok(base))
        return usage("--base-uri: '%s' is no base: https://... or urn:..., 200 characters at most, no slash at its end",
                     r->base_uri);
    int code = load(r->dir, false, false, EXIT_USAGE, &k);
    if (code != EXIT_DONE) return code;
    code = export_to(r, k, base);
    mr_knowledge_free(k);
    return code;
}

static int dispatch(const request *r) {
    static const struct {
        const char *name;
        int (*run)(const request *r);
    } actions[] = {
        {"list", run_list}, {"show", run_show}, {"check", run_check}, {"test", run_test}, {"export", run_export}};
    if (r->help) {
        (void)fputs(help, stdout);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
    }
    if ((r->mutants || r->coverage) && r->action && strcmp(r->action, "test") != 0)
        return usage("--mutants and --coverage belong to test");
    if (!r->action) return usage("say what to do: list, show, check, test or export");
    if (r->base_uri && strcmp(r->action, "export") != 0) return usage("--base-uri is for export");
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(r->action, actions[i].name) == 0) return actions[i].run(r);
    return usage("there is no 'rules %s': list, show, check, test or export", r->action);
}

int mr_cli_rules(int argc, char **argv) {
    enum { MOST_ARGUMENTS = 1024 };
    const char *operands[MOST_ARGUMENTS];
    if (argc > MOST_ARGUMENTS) return usage("more than %d arguments", MOST_ARGUMENTS);
    request r;
    int code = read_arguments(argc, argv, operands, &r);
    return code == EXIT_DONE ? dispatch(&r) : code;
}
