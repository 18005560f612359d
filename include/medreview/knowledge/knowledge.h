/* Packs to ruleset. A broken pack is refused with file, line and reason; every complaint is collected, not the first
 * only. The shipped packs are linked into the binary; a directory extends or replaces them file by file (same name
 * replaces), and its groups, harms, concepts and scales stand for shipped ones of the same name. The version of the
 * ruleset then ends in "+site." and a check sum of those files.
 *
 * Code sets of a site (core/code_set.h: out of the terminology's index, or a folder of CSV files) are put on top:
 * beside the codes of the packs, or instead of them. The version then ends in "+codes." and a check sum of the sets. */
#ifndef MEDREVIEW_KNOWLEDGE_KNOWLEDGE_H
#define MEDREVIEW_KNOWLEDGE_KNOWLEDGE_H

#include "medreview/base/buf.h"
#include "medreview/core/code_set.h"
#include "medreview/core/finding.h"

typedef struct mr_knowledge mr_knowledge; /* owns the ruleset and its arena */

typedef struct mr_knowledge_options {
    const char *dir; /* NULL: shipped packs only */
    bool only_dir;   /* `rules check DIR`, `rules test DIR`: the rule files of DIR stand instead of the shipped ones;
                      * groups, harms, concepts and scales that DIR lacks still come from the shipped ones */
    bool examples;   /* read those of the shipped files too, for `rules show|check|test`: they are most of the bytes. A
                      * site's own are always read and checked */
    /* Read while loading only; nothing of them is kept. A later list stands for an earlier one: its role for a code of
     * a concept counts, and its replacing set drops what packs and earlier lists say. A code whose role is
     * MR_ROLE_PRESENT counts as MR_ROLE_VALUE for a concept that is a test. A set for a concept that no pack knows is a
     * complaint with its file's name. */
    const mr_code_sets *const *codes;
    size_t n_codes; /* lists; a list may be NULL or empty */
} mr_knowledge_options;

/* On a pack that does not pass: MR_MALFORMED, and `complaints` holds one line each, `FILE:LINE: reason`.
 * MR_IO: a directory or file cannot be read.
 * MR_INVALID: the directory holds no pack file. */
mr_rc mr_knowledge_load(const mr_knowledge_options *options, mr_knowledge **ret, mr_buf *complaints,
                        mr_error *err) MR_MUST_CHECK;
/* The same from files in memory (tests, fuzzing): n pairs of name and bytes beside the shipped ones. */
typedef struct mr_knowledge_file {
    const char *name;
    mr_span bytes;
} mr_knowledge_file;
mr_rc mr_knowledge_load_files(const mr_knowledge_file *files, size_t n, bool only_files, mr_knowledge **ret,
                              mr_buf *complaints, mr_error *err) MR_MUST_CHECK;
void mr_knowledge_free(mr_knowledge *k);
const mr_ruleset *mr_knowledge_rules(const mr_knowledge *k);

/* Compiles one condition. On failure err->text is `LINE:COLUMN: reason` and *ret_column (may be NULL) the column from
 * 1; a misspelt name gets "did you mean". */
mr_rc mr_expr_compile(const mr_ruleset *names, mr_span text, mr_arena *a, const mr_node **ret, unsigned *ret_column,
                      mr_error *err) MR_MUST_CHECK;

/* Runs the examples of every rule (state does not matter). One line per failure in `report`. */
typedef struct mr_example_counts {
    size_t examples, rules, failed;
} mr_example_counts;
mr_rc mr_knowledge_test(const mr_knowledge *k, mr_buf *report, mr_example_counts *ret, mr_error *err) MR_MUST_CHECK;

/* How well the examples of a rule hold it. Mutants are small changes of its condition (a comparison turned round, a
 * number or a time moved by one step, a part or a "not" dropped, a set widened); one is killed when an example of the
 * rule comes out otherwise. Boundaries and exclusions are kinds of mutants; data are what the condition asks of a
 * record and an example shows to be unknown. */
typedef struct mr_rule_cover {
    size_t fires, silent, possible, unknown; /* examples */
    size_t mutants, killed;
    size_t boundaries, boundaries_held, exclusions, exclusions_held, data, data_held;
} mr_rule_cover;
/* One line in `survivors` (may be NULL) for each mutant that lives and each datum that is never unknown. */
mr_rc mr_rule_covered(const mr_ruleset *rules, const mr_rule *rule, mr_buf *survivors, mr_rule_cover *ret,
                      mr_error *err) MR_MUST_CHECK;
/* Mutants of all rules; only the two sums of *ret are set. */
mr_rc mr_knowledge_mutants(const mr_knowledge *k, mr_buf *survivors, mr_rule_cover *ret, mr_error *err) MR_MUST_CHECK;
/* A line for each rule; "!" marks what is not held. */
mr_rc mr_knowledge_coverage(const mr_knowledge *k, mr_buf *table, mr_error *err) MR_MUST_CHECK;

#endif
