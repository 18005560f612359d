/* Which resource types there are, which search parameters they understand, which codes and elements a write must have.
 *
 * Search parameters of the types that medreview reads and writes are given as in R4, each with the elements it looks
 * into; other types have the common ones only. Required codes: an unknown code is 400, as HAPI's parser answers; a
 * missing one is 422, which HAPI does not check but servers that validate do. */
#include <string.h>

#include "room.h"

const char *const mr_sb_type_names[] = {"ActivityDefinition",
                                        "AdverseEvent",
                                        "AllergyIntolerance",
                                        "Appointment",
                                        "AuditEvent",
                                        "Basic",
                                        "Binary",
                                        "Bundle",
                                        "CapabilityStatement",
                                        "CarePlan",
                                        "CareTeam",
                                        "Claim",
                                        "ClinicalImpression",
                                        "CodeSystem",
                                        "Communication",
                                        "CommunicationRequest",
                                        "Composition",
                                        "ConceptMap",
                                        "Condition",
                                        "Consent",
                                        "Coverage",
                                        "DetectedIssue",
                                        "Device",
                                        "DeviceRequest",
                                        "DeviceUseStatement",
                                        "DiagnosticReport",
                                        "DocumentReference",
                                        "Encounter",
                                        "Endpoint",
                                        "EpisodeOfCare",
                                        "ExplanationOfBenefit",
                                        "FamilyMemberHistory",
                                        "Flag",
                                        "Goal",
                                        "Group",
                                        "GuidanceResponse",
                                        "HealthcareService",
                                        "ImagingStudy",
                                        "Immunization",
                                        "Library",
                                        "List",
                                        "Location",
                                        "Media",
                                        "Medication",
                                        "MedicationAdministration",
                                        "MedicationDispense",
                                        "MedicationKnowledge",
                                        "MedicationRequest",
                                        "MedicationStatement",
                                        "MessageHeader",
                                        "NamingSystem",
                                        "NutritionOrder",
                                        "Observation",
                                        "OperationDefinition",
                                        "OperationOutcome",
                                        "Organization",
                                        "Patient",
                                        "Person",
                                        "PlanDefinition",
                                        "Practitioner",
                                        "PractitionerRole",
                                        "Procedure",
                                        "Provenance",
                                        "Questionnaire",
                                        "QuestionnaireResponse",
                                        "RelatedPerson",
                                        "RequestGroup",
                                        "RiskAssessment",
                                        "Schedule",
                                        "SearchParameter",
                                        "ServiceRequest",
                                        "Slot",
                                        "Specimen",
                                        "StructureDefinition",
                                        "Subscription",
                                        "Substance",
                                        "SupplyDelivery",
                                        "SupplyRequest",
                                        "Task",
                                        "ValueSet"};
enum { N_TYPES = sizeof mr_sb_type_names / sizeof *mr_sb_type_names };

#define TOKEN(type, name, paths)                                                                                       \
    { type, name, MR_SB_TOKEN, paths }
#define REF(type, name, paths)                                                                                         \
    { type, name, MR_SB_REFERENCE, paths }
#define DATE(type, name, paths)                                                                                        \
    { type, name, MR_SB_DATE, paths }
#define TEXT(type, name, paths)                                                                                        \
    { type, name, MR_SB_TEXT, paths }
#define OF_PATIENT(type) REF(type, "patient", "subject"), REF(type, "subject", "subject")

static const mr_sb_param params[] = {
    TOKEN(NULL, "_id", "id"), DATE(NULL, "_lastUpdated", "meta.lastUpdated"), TOKEN(NULL, "_tag", "meta.tag"),
    TOKEN(NULL, "_security", "meta.security"), TEXT(NULL, "_profile", "meta.profile"),
    TEXT(NULL, "_source", "meta.source"), TOKEN(NULL, "identifier", "identifier"),
    /* Patient */
    TOKEN("Patient", "active", "active"), TOKEN("Patient", "gender", "gender"),
    DATE("Patient", "birthdate", "birthDate"), REF("Patient", "general-practitioner", "generalPractitioner"),
    REF("Patient", "link", "link.other"), REF("Patient", "organization", "managingOrganization"),
    /* MedicationStatement */
    OF_PATIENT("MedicationStatement"), TOKEN("MedicationStatement", "status", "status"),
    TOKEN("MedicationStatement", "code", "medicationCodeableConcept"),
    REF("MedicationStatement", "medication", "medicationReference"),
    TOKEN("MedicationStatement", "category", "category"),
    DATE("MedicationStatement", "effective", "effectiveDateTime|effectivePeriod"),
    REF("MedicationStatement", "context", "context"), REF("MedicationStatement", "part-of", "partOf"),
    REF("MedicationStatement", "source", "informationSource"),
    /* MedicationRequest */
    OF_PATIENT("MedicationRequest"), TOKEN("MedicationRequest", "status", "status"),
    TOKEN("MedicationRequest", "intent", "intent"), TOKEN("MedicationRequest", "priority", "priority"),
    TOKEN("MedicationRequest", "code", "medicationCodeableConcept"),
    REF("MedicationRequest", "medication", "medicationReference"), TOKEN("MedicationRequest", "category", "category"),
    DATE("MedicationRequest", "authoredon", "authoredOn"), REF("MedicationRequest", "encounter", "encounter"),
    REF("MedicationRequest", "requester", "requester"),
    /* Medication */
    TOKEN("Medication", "code", "code"), TOKEN("Medication", "status", "status"), TOKEN("Medication", "form", "form"),
    REF("Medication", "ingredient", "ingredient.itemReference"),
    TOKEN("Medication", "ingredient-code", "ingredient.itemCodeableConcept"),
    /* Condition */
    OF_PATIENT("Condition"), TOKEN("Condition", "code", "code"), TOKEN("Condition", "category", "category"),
    TOKEN("Condition", "clinical-status", "clinicalStatus"),
    TOKEN("Condition", "verification-status", "verificationStatus"),
    DATE("Condition", "onset-date", "onsetDateTime|onsetPeriod"), DATE("Condition", "recorded-date", "recordedDate"),
    REF("Condition", "encounter", "encounter"),
    /* AllergyIntolerance */
    REF("AllergyIntolerance", "patient", "patient"), TOKEN("AllergyIntolerance", "code", "code|reaction.substance"),
    TOKEN("AllergyIntolerance", "clinical-status", "clinicalStatus"),
    TOKEN("AllergyIntolerance", "verification-status", "verificationStatus"),
    TOKEN("AllergyIntolerance", "category", "category"), TOKEN("AllergyIntolerance", "criticality", "criticality"),
    DATE("AllergyIntolerance", "date", "recordedDate"),
    /* Observation */
    OF_PATIENT("Observation"), TOKEN("Observation", "code", "code"), TOKEN("Observation", "status", "status"),
    TOKEN("Observation", "category", "category"),
    DATE("Observation", "date", "effectiveDateTime|effectivePeriod|effectiveInstant"),
    REF("Observation", "encounter", "encounter"),
    /* DetectedIssue: no status and no severity in R4 */
    REF("DetectedIssue", "patient", "patient"), TOKEN("DetectedIssue", "code", "code"),
    REF("DetectedIssue", "author", "author"), REF("DetectedIssue", "implicated", "implicated"),
    DATE("DetectedIssue", "identified", "identifiedDateTime|identifiedPeriod"),
    /* Task */
    REF("Task", "patient", "for"), REF("Task", "subject", "for"), TOKEN("Task", "code", "code"),
    TOKEN("Task", "status", "status"), TOKEN("Task", "intent", "intent"), TOKEN("Task", "priority", "priority"),
    TOKEN("Task", "business-status", "businessStatus"), TOKEN("Task", "group-identifier", "groupIdentifier"),
    TOKEN("Task", "performer", "performerType"), REF("Task", "focus", "focus"), REF("Task", "owner", "owner"),
    REF("Task", "requester", "requester"), REF("Task", "based-on", "basedOn"), REF("Task", "part-of", "partOf"),
    DATE("Task", "authored-on", "authoredOn"), DATE("Task", "modified", "lastModified"),
    DATE("Task", "period", "executionPeriod"),
    /* Provenance, AuditEvent, Device, Subscription */
    REF("Provenance", "target", "target"), REF("Provenance", "patient", "target"),
    REF("Provenance", "agent", "agent.who"), REF("Provenance", "entity", "entity.what"),
    DATE("Provenance", "recorded", "recorded"), DATE("AuditEvent", "date", "recorded"),
    TOKEN("AuditEvent", "type", "type"), REF("AuditEvent", "entity", "entity.what"),
    REF("AuditEvent", "patient", "agent.who|entity.what"), TOKEN("Device", "status", "status"),
    TOKEN("Device", "type", "type"), REF("Device", "patient", "patient"), TOKEN("Subscription", "status", "status"),
    TEXT("Subscription", "criteria", "criteria"), TOKEN("Subscription", "type", "channel.type"),
    TEXT("Subscription", "url", "channel.endpoint"),
    /* others that a record of medicines may bring along */
    OF_PATIENT("Encounter"), TOKEN("Encounter", "status", "status"), DATE("Encounter", "date", "period"),
    OF_PATIENT("Procedure"), TOKEN("Procedure", "code", "code"), TOKEN("Procedure", "status", "status"),
    OF_PATIENT("Flag"), OF_PATIENT("List"), TOKEN("List", "code", "code"), TOKEN("List", "status", "status"),
    OF_PATIENT("MedicationDispense"), OF_PATIENT("MedicationAdministration"), OF_PATIENT("DiagnosticReport"),
    OF_PATIENT("ServiceRequest"), OF_PATIENT("CarePlan"), OF_PATIENT("CommunicationRequest"),
    REF("Immunization", "patient", "patient")};
enum { N_PARAMS = sizeof params / sizeof *params };

size_t mr_sb_type_count(void) {
    return N_TYPES;
}

const char *mr_sb_type(mr_span name, size_t *ret_place) {
    size_t lo = 0, hi = N_TYPES;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = mr_span_cmp(name, mr_span_of(mr_sb_type_names[mid]));
        if (order == 0) {
            if (ret_place != NULL) *ret_place = mid;
            return mr_sb_type_names[mid];
        }
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

static bool param_is_for(const mr_sb_param *param, const char *type) {
    return param->type == NULL || strcmp(param->type, type) == 0;
}

const mr_sb_param *mr_sb_param_find(const char *type, mr_span name) {
    for (size_t i = 0; i < N_PARAMS; i++)
        if (mr_span_is(name, params[i].name) && param_is_for(&params[i], type)) return &params[i];
    return NULL;
}

const mr_sb_param *mr_sb_param_at(const char *type, size_t i) {
    for (size_t k = 0; k < N_PARAMS; k++)
        if (param_is_for(&params[k], type) && i-- == 0) return &params[k];
    return NULL;
}

/* A required code of a resource: blank-separated codes, or NULL when only its presence is asked for. */
typedef struct required_code {
    const char *type, *element, *codes;
} required_code;

static const required_code required_codes[] = {
    {"DetectedIssue", "status", "registered preliminary final amended corrected cancelled entered-in-error unknown"},
    {"MedicationRequest", "intent",
     "proposal plan order original-order reflex-order filler-order instance-order option"},
    {"MedicationRequest", "status", "active on-hold cancelled completed entered-in-error stopped draft unknown"},
    {"MedicationStatement", "status", "active completed entered-in-error intended stopped on-hold unknown not-taken"},
    {"Observation", "status", "registered preliminary final amended corrected cancelled entered-in-error unknown"},
    {"Subscription", "status", "requested active error off"},
    {"Task", "intent", "unknown proposal plan order original-order reflex-order filler-order instance-order option"},
    {"Task", "status",
     "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed "
     "entered-in-error"}};

static bool has_word(const char *words, const char *word) {
    mr_span rest = mr_span_of(words), head;
    while (rest.ptr != NULL) {
        mr_span_split(rest, ' ', &head, &rest);
        if (mr_span_is(head, word)) return true;
    }
    return false;
}

int mr_sb_check(const char *type, const json_t *body, mr_sb_problem *p) {
    for (size_t i = 0; i < sizeof required_codes / sizeof *required_codes; i++) {
        const required_code *r = &required_codes[i];
        if (strcmp(r->type, type) != 0) continue;
        const char *code = mr_sb_string(body, r->element);
        if (code == NULL) return mr_sb_refuse(p, 422, "required", "%s.%s is required and missing", type, r->element);
        if (!has_word(r->codes, code))
            return mr_sb_refuse(p, 400, "value", "%s.%s: unknown code '%.40s'", type, r->element, code);
    }
    return 0;
}
