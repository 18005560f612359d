/* A YAML document as a small tree: texts, lists and maps with their lines. Packs use a plain subset of YAML, so that
 * what stands in a file is what it means: no anchors, aliases, tags, second documents or keys that are not texts. */
#ifndef MEDREVIEW_KNOWLEDGE_YAML_TREE_H
#define MEDREVIEW_KNOWLEDGE_YAML_TREE_H

#include "complaints.h"

#include "medreview/base/arena.h"

typedef enum mr_yaml_kind { MR_YAML_TEXT, MR_YAML_LIST, MR_YAML_MAP } mr_yaml_kind;

typedef struct mr_yaml {
    mr_yaml_kind kind;
    mr_span key;                    /* in a map; absent in a list and at the top */
    mr_span text;                   /* TEXT: never absent, may be empty */
    bool block;                     /* TEXT written with | or >: its first line is below `at.line` */
    mr_place at;                    /* of the key in a map, else of the value */
    unsigned value_line, last_line; /* first and last line of the value */
    struct mr_yaml *first, *next;   /* members; the next member beside this one */
    size_t n;                       /* members */
} mr_yaml;

/* `without`: a key whose value is passed over wherever it stands; NULL: none. Complaints about the text go to `c`; *ret
 * is then NULL when there is no usable tree, or the tree without the parts complained about. An error is returned only
 * when memory is short. `file.line` is not used. */
mr_rc mr_yaml_read(mr_place file, mr_span bytes, const char *without, mr_arena *a, mr_complaints *c, mr_yaml **ret,
                   mr_error *err) MR_MUST_CHECK;

/* The member of that name; NULL when `map` is NULL, no map or has none. */
mr_yaml *mr_yaml_get(const mr_yaml *map, const char *key);
const char *mr_yaml_kind_text(mr_yaml_kind kind); /* "a text", "a list", "a map" */

#endif
