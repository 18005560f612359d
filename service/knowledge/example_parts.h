/* A rule's example while it is read: pack_examples.c has the whole, example_medicine.c the medicines and allergies,
 * example_fact.c conditions and results. Private to them. */
#ifndef MEDREVIEW_KNOWLEDGE_EXAMPLE_PARTS_H
#define MEDREVIEW_KNOWLEDGE_EXAMPLE_PARTS_H

#include "names.h"
#include "pack.h"

typedef struct mr_example_build {
    mr_pack *pack;
    mr_raw_record *record;
    mr_day as_of;
    unsigned statements, requests, conditions, results, allergies;
} mr_example_build;

/* "Condition/c1", counted on. */
mr_span mr_example_reference(mr_example_build *b, const char *type, unsigned *count, char letter);
/* A date, also "2026-11", "today", or a time before the as-of date: "3 months ago". MR_WHEN_NONE after a complaint. */
mr_when mr_example_day(mr_example_build *b, const mr_yaml *node);
/* The same of a member of the map; MR_WHEN_NONE when it is missing. */
mr_when mr_example_day_of(mr_example_build *b, const mr_yaml *map, const char *key);
/* "3 months", "28 days". */
bool mr_example_duration(mr_span text, mr_duration *ret);
mr_day mr_example_before(mr_day day, mr_duration d);
/* A number and what stands behind it: "125 mg in 5 ml" gives 125 and "mg in 5 ml". */
bool mr_example_amount(mr_span text, double *ret, mr_span *ret_rest);

void mr_example_medicine(mr_example_build *b, const mr_yaml *m);
void mr_example_unrecognised(mr_example_build *b, const mr_yaml *m);
void mr_example_allergy(mr_example_build *b, const mr_yaml *m);
void mr_example_condition(mr_example_build *b, const mr_yaml *m);
void mr_example_result(mr_example_build *b, const mr_yaml *m);

/* The first code of the concept with the first of these roles that has one; NULL after a complaint. */
mr_coding *mr_example_coding(mr_pack *p, const mr_yaml *at, mr_span concept, const mr_code_role *roles, size_t n_roles);

#endif
