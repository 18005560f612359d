/* Private to codec: our own resources, made fresh and merged into what stands on the server. */
#ifndef CODEC_FHIR_OURS_H
#define CODEC_FHIR_OURS_H

#include "medreview/codec/fhir_write.h"
#include "medreview/codec/json_out.h"

/* The date or instant for identified, authoredOn, lastModified: offline the as-of date (product.md section 4, Time). */
const char *mr_ours_moment(const mr_tx_settings *s, char out[MR_DATE_TEXT]);
/* meta with our source and tag; identifiers under base_uri. */
void mr_ours_meta(mr_jw *w, const mr_site *site);
void mr_ours_identifier(mr_jw *w, const mr_site *site, const char *kind, mr_span value);
void mr_ours_reference(mr_jw *w, const char *name, mr_span reference);

/* The word for a decision inside the judged identifier. */
const char *mr_outcome_word(mr_outcome_kind kind);
/* Our identifiers of an issue: finding, content, and judged when something was decided. */
void mr_ours_issue_identifiers(mr_jw *w, const mr_change *c, mr_span content, const mr_tx_settings *s);
/* A whole fresh DetectedIssue or Task. */
void mr_ours_issue(mr_jw *w, const char *name, const mr_change *c, const mr_record *record, const mr_tx_settings *s);
void mr_ours_task(mr_jw *w, const char *name, const mr_task_plan *t, const mr_tx_settings *s);

/* Offline: whether something could not be read, recognised or assessed that no DetectedIssue or Task here tells, and
 * the GuidanceResponse that does. */
bool mr_ours_guidance_needed(const mr_plan *plan, const mr_record *record, const mr_tx_settings *s);
void mr_ours_guidance_id(const mr_tx_settings *s, char out[48]);
void mr_ours_guidance(mr_jw *w, const char *name, const mr_record *record, const mr_tx_settings *s);

/* `raw` with our members replaced by those of `fresh`, everything else kept: foreign extensions, mitigation, notes of
 * people. The names in `keep` stay as they were even when fresh has them. */
mr_rc mr_ours_merge(mr_span raw, mr_span fresh, const char *const *ours, const char *const *keep, mr_buf *out,
                    mr_error *err) MR_MUST_CHECK;
extern const char *const mr_ours_issue_members[], *const mr_ours_issue_kept[];
extern const char *const mr_ours_task_members[], *const mr_ours_task_kept[];

#endif
