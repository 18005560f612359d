/* Building a ruleset out of pack files. Two rounds: first every file's names (groups, concepts, harms, scales), which
 * are then sorted and numbered, so that numbers do not depend on the order of files; then the rules that use them. */
#ifndef MEDREVIEW_KNOWLEDGE_PACK_H
#define MEDREVIEW_KNOWLEDGE_PACK_H

#include "yaml_tree.h"

#include "medreview/base/sha256.h"
#include "medreview/core/code_set.h"

/* Each draft begins with its name and place, so that one function finds doubles in any of the lists. */
typedef struct mr_draft {
    mr_span name;
    mr_place at;
} mr_draft;
typedef struct mr_group_draft {
    mr_draft head;
    mr_group group;
    const mr_yaml *node; /* members_of and except, read when every group is there */
} mr_group_draft;
typedef struct mr_harm_draft {
    mr_draft head;
    mr_harm harm;
} mr_harm_draft;
typedef struct mr_scale_draft {
    mr_draft head;
    mr_scale scale;
    bool is_default;
} mr_scale_draft;
typedef struct mr_concept_draft {
    mr_draft head;
    mr_span title;
    const mr_yaml *members; /* of a union; NULL when none */
} mr_concept_draft;
typedef struct mr_code_draft {
    mr_draft head; /* name: the concept */
    mr_span system, code;
    mr_code_role role;
} mr_code_draft;
typedef struct mr_unit_draft {
    mr_draft head; /* name: the concept */
    mr_unit unit;
} mr_unit_draft;

typedef struct mr_stop_draft {
    mr_draft head;
    const mr_yaml *node; /* read when groups and concepts are numbered */
} mr_stop_draft;
typedef struct mr_burden_list_draft {
    mr_draft head;
    const mr_yaml *node;
} mr_burden_list_draft;

typedef struct mr_measure_draft { /* a table of equivalents or a checklist; read when names are numbered */
    mr_draft head;
    const mr_yaml *node;
} mr_measure_draft;

#define MR_LIST_OF(type)                                                                                               \
    struct {                                                                                                           \
        type *v;                                                                                                       \
        size_t n, cap;                                                                                                 \
    }

typedef struct mr_rule_file { /* one file's rules, read in the second round */
    const mr_yaml *root;
    mr_span name, bytes;
} mr_rule_file;

typedef struct mr_pack {
    mr_arena *arena;
    mr_complaints *complaints;
    mr_ruleset *rules;
    mr_rc rc;      /* sticky: memory is short; complaints never set it */
    mr_error *err; /* of rc */
    MR_LIST_OF(mr_group_draft) groups;
    MR_LIST_OF(mr_harm_draft) harms;
    MR_LIST_OF(mr_scale_draft) scales;
    MR_LIST_OF(mr_concept_draft) concepts;
    MR_LIST_OF(mr_code_draft) codes;
    MR_LIST_OF(mr_unit_draft) units;
    MR_LIST_OF(mr_stop_draft) stop_plans;
    MR_LIST_OF(mr_burden_list_draft) burden_lists;
    MR_LIST_OF(mr_measure_draft) equivalents;
    MR_LIST_OF(mr_measure_draft) checklists;
    MR_LIST_OF(const mr_yaml *) prompts;
    MR_LIST_OF(mr_rule_file) rule_files;
    MR_LIST_OF(mr_rule) rule_drafts;
    mr_span version;
    mr_index *codes_seen;            /* mr_pack_code_key -> place in `codes`, until they are sorted */
    const mr_code_sets *const *sets; /* of the site; borrowed */
    size_t n_sets;
    bool examples;             /* of the shipped files too; a site's are always read */
    mr_code_draft *pack_codes; /* `codes` before the sets were put on top, for examples */
    size_t n_pack_codes;
} mr_pack;

/* Sets the sticky failure from the arena. */
void mr_pack_out_of_room(mr_pack *p);

/* ---- values.c: typed looks at the tree; a wrong value is complained about and counts as absent ---- */
/* false, with a complaint, when `node` is no map. Unknown keys are complained about. */
bool mr_value_map(mr_pack *p, const mr_yaml *node, const char *what, const char *const *keys);
mr_span mr_value_text(mr_pack *p, const mr_yaml *map, const char *key);     /* absent when missing: fine */
mr_span mr_value_required(mr_pack *p, const mr_yaml *map, const char *key); /* absent after a complaint */
bool mr_value_yes(mr_pack *p, const mr_yaml *map, const char *key, bool otherwise);
bool mr_value_count(mr_pack *p, const mr_yaml *map, const char *key, unsigned most, unsigned *ret);
bool mr_value_day(mr_pack *p, const mr_yaml *map, const char *key, mr_day *ret);
/* The members of a list, or the value itself when it is one text or map; NULL when the key is missing. n may be NULL.
 */
const mr_yaml *mr_value_list(mr_pack *p, const mr_yaml *map, const char *key, size_t *ret_n);
/* Small names: lower case letters, digits, hyphens; starts with a letter. */
bool mr_value_is_name(mr_span s);
/* Position of `text` among names ended by NULL; -1 with a complaint that lists them. */
int mr_value_choice(mr_pack *p, mr_place at, mr_span text, const char *const *names, const char *what);

/* ---- first round ---- */
void mr_pack_groups(mr_pack *p, const mr_yaml *node);
void mr_pack_harms(mr_pack *p, const mr_yaml *node);
void mr_pack_scales(mr_pack *p, const mr_yaml *node);
void mr_pack_concepts(mr_pack *p, const mr_yaml *node);
void mr_pack_equivalents(mr_pack *p, const mr_yaml *node);
void mr_pack_checklists(mr_pack *p, const mr_yaml *node);
void mr_pack_stop_plans(mr_pack *p, const mr_yaml *node);
void mr_pack_burden_lists(mr_pack *p, const mr_yaml *node);
void mr_pack_table(mr_pack *p, mr_place file, mr_span bytes); /* a .tsv file: codes or units, by its columns */
/* Puts the site's code sets among the drafts; concepts must be numbered already. In pack_codes.c. */
void mr_pack_code_sets(mr_pack *p);

void mr_pack_sum_codes(const mr_code_set *set, mr_sha256 *sum); /* all that a set says, into the sum */
/* Finds the draft of that concept and code, or makes room for a new one at the end of `codes`: then *ret_place is
 * codes.n. false after a complaint, or when memory is short. */
bool mr_pack_code_place(mr_pack *p, const mr_code_draft *d, uint32_t *ret_place);
/* The concept a row names; MR_NO_NUMBER after a complaint with "did you mean". */
uint16_t mr_pack_concept_of(mr_pack *p, const mr_draft *row);
/* "concept|system|code"; false when it does not fit. */
enum { MR_CODE_KEY = 200 };
bool mr_pack_code_key(mr_span concept, mr_span system, mr_span code, char room[MR_CODE_KEY], mr_span *ret);
/* The item of that name, for a new draft: NULL when it is new; else, when the new one is the site's and the old one
 * shipped, the old one, to be overwritten; else a complaint, *ret_double is set and the old one returned. */
void *mr_pack_same(mr_pack *p, void *items, size_t n, size_t size, mr_span name, mr_place at, const char *what,
                   bool *ret_double);

/* ---- numbering and the second round ---- */
void mr_pack_group_unions(mr_pack *p);    /* once groups are numbered: members_of is spelled out */
void mr_pack_number(mr_pack *p);          /* drafts -> ruleset arrays, codes, units */
void mr_pack_number_measures(mr_pack *p); /* after the groups and concepts */
void mr_pack_number_stop_plans(mr_pack *p);
void mr_pack_number_burden_lists(mr_pack *p);
/* The drug groups listed under `key`; at most MR_IDENTITY_GROUPS. A name that is none is a complaint. */
void mr_pack_group_list(mr_pack *p, const mr_yaml *map, const char *key, uint16_t *groups, size_t *ret_n);
void mr_pack_stops(mr_pack *p, const mr_yaml *map, mr_stops *ret); /* the key `stops` of a rule */
void mr_pack_prompts(mr_pack *p);
void mr_pack_rules(mr_pack *p, const mr_rule_file *file);
void mr_pack_identity(mr_pack *p, const mr_yaml *node, mr_identity *ret);
void mr_pack_examples(mr_pack *p, const mr_yaml *node, mr_span file_bytes, mr_day as_of, mr_rule *rule);

/* ---- check.c: what holds between rules, and between a rule and its parts ---- */
void mr_pack_check(mr_pack *p);

/* One file of any kind into the first round. The bytes must live as long as the ruleset. */
void mr_pack_read(mr_pack *p, mr_span name, mr_span bytes, bool site, bool skip_rules);
/* All rounds after the reading; sorts the rules. */
void mr_pack_finish(mr_pack *p);

#endif
