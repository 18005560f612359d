/* The knowledge as FHIR R4: a rule as PlanDefinition, a drug group as ValueSet, and the profiles of what we send. For
 * `medreview rules export`, and for GET /fhir/PlanDefinition, /fhir/ValueSet and /fhir/StructureDefinition.
 *
 * Same knowledge, same base: same bytes. What a condition says stays in the rule language, as an Expression that says
 * so; a PlanDefinition tells people and catalogues what runs here, and nothing runs from it. */
#ifndef MEDREVIEW_CODEC_FHIR_KNOWLEDGE_H
#define MEDREVIEW_CODEC_FHIR_KNOWLEDGE_H

#include "medreview/codec/json_out.h"
#include "medreview/core/ruleset.h"

#define MR_FHIR_PROFILE_BASE "https://medreview.example.org" /* as written in fhir_profiles/ */
#define MR_RULE_LANGUAGE "text/x-medreview-rule"

enum { MR_FHIR_CODES = 24 };
typedef struct mr_fhir_codes { /* of one substance: SNOMED CT ids, and ATC codes */
    mr_span sct[MR_FHIR_CODES], atc[MR_FHIR_CODES];
    size_t n_sct, n_atc;
} mr_fhir_codes;

typedef struct mr_fhir_knowledge {
    mr_span base_uri; /* see mr_fhir_base_ok */
    const mr_ruleset *rules;
    /* The codes of a substance of a drug group; false when it has none. */
    bool (*codes_of)(const void *of, mr_span substance, mr_fhir_codes *ret);
    const void *of;
} mr_fhir_knowledge;

/* "https://host/path" or "urn:...", at most 200 bytes of what a URI may hold, and no slash at the end. */
bool mr_fhir_base_ok(mr_span base_uri);

/* Each as a JSON object under `name` (NULL: inside an array or at the top). Memory that is short is said by the
 * buffer's rc. The id of a PlanDefinition is the rule's. */
void mr_fhir_plan_definition(mr_jw *w, const char *name, const mr_fhir_knowledge *k, const mr_rule *rule);
void mr_fhir_group_value_set(mr_jw *w, const char *name, const mr_fhir_knowledge *k, const mr_group *group);

/* "group-nsaid-oral". A name that is too long for a FHIR id is cut, and ends in a hash. */
enum { MR_FHIR_GROUP_ID = 65 };
void mr_fhir_group_id(const mr_group *group, char out[MR_FHIR_GROUP_ID]);

/* The files of fhir_profiles/, as linked in: StructureDefinition, ValueSet, CodeSystem, SearchParameter, in the order
 * of their names. `type` NULL: all. The `at`th, from 0; false behind the last. */
typedef struct mr_fhir_profile {
    mr_span type, id;
    mr_span json; /* with MR_FHIR_PROFILE_BASE */
} mr_fhir_profile;
bool mr_fhir_profile_at(const char *type, size_t at, mr_fhir_profile *ret);
/* Its JSON, with base_uri in place of MR_FHIR_PROFILE_BASE. */
void mr_fhir_profile_write(const mr_fhir_profile *profile, mr_span base_uri, mr_buf *out);

/* What the owner of a rule's source wants said, and where to read it; by the rule's tool. */
typedef struct mr_rule_source {
    const char *tool;
    const char *owner, *copyright, *citation;
    const char *url; /* NULL when none is certain */
} mr_rule_source;
const mr_rule_source *mr_rule_source_of(mr_span tool); /* NULL: a set of a site's own */

/* An identity as packs write it: "nsaid-oral", "test:u-and-e+raas". */
void mr_identity_write(const mr_ruleset *rules, const mr_identity *identity, mr_buf *out);

#endif
