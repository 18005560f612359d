/* Member names of the resources we read, as numbers: an object is walked once, with a switch, instead of being searched
 * once for each member. The walk itself is in json_simdjson.cpp, where it needs no call for each member. */
#ifndef MEDREVIEW_CODEC_FHIR_WALK_H
#define MEDREVIEW_CODEC_FHIR_WALK_H

#include "medreview/codec/json_view.h"

#define MR_FHIR_NAMES(X) X(id) X(end) X(for) X(url) X(code) X(link) X(meta) X(text) X(type) X(unit) X(when) X(other) X(route) X(start) X(value) X(active) X(coding) X(dosage) X(gender) X(intent) X(issued) X(period) X(repeat) X(status) X(system) X(timing) X(basedOn) X(display) X(fullUrl) X(patient) X(request) X(subject) X(isActive) X(reaction) X(resource) X(response) X(strength) X(birthDate) X(component) X(contained) X(dayOfWeek) X(extension) X(frequency) X(numerator) X(periodMax) X(reference) X(substance) X(versionId) X(authoredOn) X(comparator) X(identifier) X(ingredient) X(periodUnit) X(denominator) X(derivedFrom) X(doseAndRate) X(lastUpdated) X(onsetPeriod) X(abatementAge) X(dateAsserted) X(doNotPerform) X(doseQuantity) X(frequencyMax) X(recordedDate) X(resourceType) X(valueInteger) X(itemReference) X(onsetDateTime) X(valueDateTime) X(valueQuantity) X(abatementRange) X(clinicalStatus) X(validityPeriod) X(abatementPeriod) X(abatementString) X(asNeededBoolean) X(deceasedBoolean) X(dispenseRequest) X(effectivePeriod) X(deceasedDateTime) X(effectiveInstant) X(abatementDateTime) X(dosageInstruction) X(effectiveDateTime) X(modifierExtension) X(verificationStatus) X(courseOfTherapyType) X(itemCodeableConcept) X(medicationReference) X(expectedSupplyDuration) X(numberOfRepeatsAllowed) X(asNeededCodeableConcept) X(medicationCodeableConcept)

typedef enum mr_fhir_name {
    N_unknown,
#define X(name) N_##name,
    MR_FHIR_NAMES(X)
#undef X
        N_COUNT
} mr_fhir_name;

typedef struct mr_fhir_member {
    mr_fhir_name name;
    mr_json_kind kind;
    mr_span text; /* of a string; absent for other kinds */
    mr_json value;
} mr_fhir_member;

/* The members of an object whose names we know, in its order, each name once. */
typedef struct mr_fhir_members {
    bool twice; /* a name, known or not, stands twice; the first of them is kept */
    size_t n;
    mr_fhir_member v[N_COUNT];
} mr_fhir_members;

#ifdef __cplusplus
extern "C" {
#endif
/* No members when it is no object. */
void mr_fhir_members_of(mr_json object, mr_fhir_members *ret) MR_NOEXCEPT;
/* for (l = mr_fhir_each(v); mr_fhir_next(&l);) use(l.value): the elements that are not null; a lone object or string
 * where a list belongs counts as a list of one. */
typedef struct mr_fhir_list {
    const void *at;
    size_t position, end;
    mr_json value;
} mr_fhir_list;
mr_fhir_list mr_fhir_each(mr_json v) MR_NOEXCEPT;
bool mr_fhir_next(mr_fhir_list *l) MR_NOEXCEPT;
#ifdef __cplusplus
}
#endif

#endif
