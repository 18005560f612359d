/* `medreview terminology import`: a dm+d release, and a site's code sets, to one index file. What is refused is said
 * line by line, what was read is counted to the last record, and only then the old index is replaced. */
#include "terminology_parts.h"

#include "medreview/terminology/code_sets.h"
#include "medreview/terminology/dmd_import.h"
#include "medreview/terminology/dmd_index.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS_BYTES ((size_t)1 << 30)
#define COMPLAINT_BYTES ((size_t)64 << 20)

static const char usage[] =
    "Usage: medreview terminology import --dmd ZIP_OR_DIR [--bonus ZIP_OR_DIR] [--codes DIR] --output FILE\n"
    "\n"
    "Compiles a dm+d release (TRUD item 24) to an index, for terminology.index and --terminology.\n"
    "\n"
    "  --dmd ZIP_OR_DIR    the release, as downloaded or unpacked\n"
    "  --bonus ZIP_OR_DIR  the supplementary release (TRUD item 25): ATC, BNF, history, ingredients of VTMs\n"
    "  --codes DIR         code sets of the site, one CSV a concept: asthma.csv adds, asthma.only.csv replaces\n"
    "  --output FILE       the index; an older one is replaced when the new one is whole\n"
    "  --help              this page\n"
    "\n"
    "Counts go to standard output, progress and what is refused to standard error. Exit status: 0 done; 1 done, and\n"
    "something was refused; 2 wrong usage; 3 no index was written.\n";

typedef struct import_job {
    const char *dmd, *bonus, *codes, *output;
    bool help;
    FILE *out, *errors;
    bool terminal;
    const char *file; /* that progress was last shown for */
    unsigned percent;
    size_t n_refused;
} import_job;

/* --- arguments --------------------------------------------------------------------------------------------------- */

static const char **place_of(import_job *j, const char *name, size_t n) {
    const struct {
        const char *name;
        const char **place;
    } known[] = {{"--dmd", &j->dmd}, {"--bonus", &j->bonus}, {"--codes", &j->codes}, {"--output", &j->output}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].name) == n && strncmp(name, known[i].name, n) == 0) return known[i].place;
    return NULL;
}

/* NULL, or what is wrong. */
static const char *read_arguments(import_job *j, int argc, char **argv) {
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) return j->help = true, NULL;
        const char *equals = strchr(argv[i], '=');
        const char **place = place_of(j, argv[i], equals ? (size_t)(equals - argv[i]) : strlen(argv[i]));
        if (!place) return "an argument that is not understood";
        if (!equals && i + 1 == argc) return "an option without its value";
        if (*place) return "an option is given twice";
        *place = equals ? equals + 1 : argv[++i];
        if (!**place) return "an option with an empty value";
    }
    return j->dmd && j->output ? NULL : "--dmd and --output are needed";
}

static bool same_place(const char *a, const char *b) {
    struct stat x, y;
    return a && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* --- what a person sees on the way -------------------------------------------------------------------------------- */

static void clear_progress(const import_job *j) {
    if (j->terminal && j->file) fputs("\r\033[K", j->errors);
}

/* Names inside archives are not ours: what could steer a terminal is shown as a question mark. */
static void print_plain(FILE *f, mr_span s) {
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool control = c < 0x20 || c == 0x7f || (c == 0xC2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0xA0);
        if (control && c == 0xC2) i++;
        fputc(control ? '?' : c, f);
    }
}

static void on_progress(void *arg, const char *file, uint64_t done, uint64_t total) {
    import_job *j = arg;
    unsigned percent = total ? (unsigned)(done * 100 / total) : 100;
    bool another = j->file != file;
    if (!another && (!j->terminal || percent == j->percent)) return;
    if (j->terminal) fputs("\r\033[K", j->errors);
    fprintf(j->errors, "reading ");
    print_plain(j->errors, mr_span_of(file));
    if (j->terminal)
        fprintf(j->errors, " %u %%", percent);
    else
        fputc('\n', j->errors);
    fflush(j->errors);
    j->file = file;
    j->percent = percent;
}

static void on_refused(void *arg, const mr_dmd_refusal *what) {
    const import_job *j = arg;
    clear_progress(j);
    print_plain(j->errors, what->file);
    if (what->line) fprintf(j->errors, ":%u", what->line);
    fputs(what->note ? ": note: " : ": ", j->errors);
    print_plain(j->errors, what->entity);
    fputs(": ", j->errors);
    print_plain(j->errors, what->why);
    fputc('\n', j->errors);
}

/* --- counts --------------------------------------------------------------------------------------------------------
 */

static void print_count(FILE *out, const char *entity, const mr_dmd_count *n) {
    fprintf(out, "%-34s %9zu %9zu %9zu %9zu %9zu\n", entity, n->read, n->kept, n->merged, n->refused, n->not_kept);
}

static void print_counts(FILE *out, const mr_dmd_imported *done) {
    mr_dmd_count all = {0};
    fprintf(out, "%-34s %9s %9s %9s %9s %9s\n", "entity", "read", "kept", "merged", "refused", "not kept");
    for (size_t i = 0; i < done->n_counts; i++) {
        const mr_dmd_count *n = &done->counts[i];
        if (n->missing) fprintf(out, "%-34s  not there\n", n->entity);
        if (n->missing || !n->read) continue;
        print_count(out, n->entity, n);
        all.read += n->read;
        all.kept += n->kept;
        all.merged += n->merged;
        all.refused += n->refused;
        all.not_kept += n->not_kept;
    }
    print_count(out, "all", &all);
}

static void print_codes(FILE *out, const mr_code_sets *codes) {
    size_t n = 0;
    for (size_t i = 0; i < codes->n_sets; i++) n += codes->sets[i].n_codes;
    fprintf(out, "code sets: %zu with %zu codes\n", codes->n_sets, n);
}

/* --- the work -------------------------------------------------------------------------------------------------------
 */

static mr_rc read_codes(import_job *j, mr_arena *a, mr_code_sets *ret, mr_error *err) {
    mr_buf complaints;
    size_t refused = 0;
    *ret = (mr_code_sets){0};
    if (!j->codes) return MR_OK;
    mr_buf_init(&complaints, COMPLAINT_BYTES);
    mr_rc rc = mr_code_sets_read(j->codes, a, ret, &refused, &complaints, err);
    fputs(mr_buf_z(&complaints), j->errors);
    mr_buf_free(&complaints);
    j->n_refused += refused;
    return rc;
}

static mr_rc import(import_job *j, mr_arena *a, mr_dmd_imported *ret, mr_code_sets *ret_codes, mr_error *err) {
    mr_dmd_import_options options = {.dmd = j->dmd,
                                     .bonus = j->bonus,
                                     .progress = on_progress,
                                     .progress_arg = j,
                                     .refused = on_refused,
                                     .refused_arg = j};
    mr_rc rc = read_codes(j, a, ret_codes, err);
    if (rc == MR_OK) rc = mr_dmd_import(&options, a, ret, err);
    clear_progress(j);
    j->file = NULL;
    if (rc == MR_OK) rc = mr_dmd_index_write(&ret->release, j->codes ? ret_codes : NULL, j->output, err);
    return rc;
}

static int report(import_job *j, const mr_dmd_imported *done, const mr_code_sets *codes) {
    struct stat st;
    const char *date = done->release.date;
    print_counts(j->out, done);
    if (j->codes) print_codes(j->out, codes);
    fprintf(j->out, "dm+d release %s", date[0] ? date : "without a date");
    if (stat(j->output, &st) == 0) fprintf(j->out, ": %s, %lld bytes", j->output, (long long)st.st_size);
    fputc('\n', j->out);
    j->n_refused += done->n_refused;
    if (j->n_refused)
        fprintf(j->errors, "medreview terminology import: refused: %zu; the index holds the rest\n", j->n_refused);
    if (fflush(j->out) != 0) {
        fputs("medreview terminology import: the counts cannot be written\n", j->errors);
        return 3;
    }
    return j->n_refused ? 1 : 0;
}

static int run(import_job *j) {
    mr_error err = {.rc = MR_NOMEM, .text = "out of memory"};
    mr_dmd_imported done;
    mr_code_sets codes;
    mr_arena *a = mr_arena_new(ROWS_BYTES);
    mr_rc rc = a ? import(j, a, &done, &codes, &err) : MR_NOMEM;
    int code = rc == MR_OK ? report(j, &done, &codes) : 3;
    if (rc != MR_OK) {
        fputs("medreview terminology import: ", j->errors);
        print_plain(j->errors, mr_span_of(err.text));
        fputs("; no index was written\n", j->errors);
    }
    mr_arena_free(a);
    return code;
}

int mr_term_import(int argc, char **argv, FILE *out, FILE *errors) {
    int descriptor = fileno(errors);
    import_job j = {.out = out, .errors = errors, .terminal = descriptor >= 0 && isatty(descriptor)};
    const char *wrong = read_arguments(&j, argc, argv);
    if (!wrong && !j.help && (same_place(j.dmd, j.output) || same_place(j.bonus, j.output)))
        wrong = "--output would replace what is imported";
    if (wrong) {
        fprintf(errors, "medreview terminology import: %s\n%s", wrong, usage);
        return 2;
    }
    if (j.help) return fputs(usage, out), 0;
    return run(&j);
}
