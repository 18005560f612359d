/* Small changes of a condition, each of which an example should notice. Private to mutate.c and mutants.c. */
#ifndef MEDREVIEW_KNOWLEDGE_MUTATE_H
#define MEDREVIEW_KNOWLEDGE_MUTATE_H

#include "medreview/base/arena.h"
#include "medreview/core/program.h"

typedef enum mr_change_kind {
    MR_CHANGE_BOUNDARY,  /* of a number or a time, by one step; and >= for > */
    MR_CHANGE_EXCLUSION, /* what stands under "not", or what a set leaves out, is dropped */
    MR_CHANGE_OTHER      /* a comparison turned round, a part dropped, a "not" dropped */
} mr_change_kind;

typedef struct mr_mutant {
    const mr_node *tree;
    mr_change_kind kind;
    mr_span change; /* "age >= 65: with > for >=" */
} mr_mutant;

/* The changed condition number `number`, from 0. *ret_tree is NULL when there are no more. false: no room. */
bool mr_mutant_make(const mr_node *tree, size_t number, mr_arena *a, mr_mutant *ret);

#endif
