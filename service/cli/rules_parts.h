/* What the files of `medreview rules` share. */
#ifndef MEDREVIEW_CLI_RULES_PARTS_H
#define MEDREVIEW_CLI_RULES_PARTS_H

#include "medreview/codec/fhir_knowledge.h"
#include "medreview/knowledge/knowledge.h"

typedef enum mr_rules_format {
    MR_RULES_TEXT,
    MR_RULES_TSV,
    MR_RULES_JSON,
    MR_RULES_MARKDOWN,
    MR_RULES_FHIR /* export only */
} mr_rules_format;

/* All rules by id, drafts included; as Markdown by set. */
void mr_rules_list(const mr_ruleset *rules, mr_rules_format format, mr_buf *out);
/* One rule: what it says, from where, and the groups, concepts and examples it stands on. */
void mr_rules_show(const mr_ruleset *rules, const mr_rule *rule, mr_buf *out);
/* Parts of it. */
enum { MR_RULES_LABEL = 16 };
void mr_rules_put(mr_buf *out, const char *label, mr_span text); /* nothing for the absent span */
void mr_rules_put_names(mr_buf *out, const mr_ruleset *rules, const mr_rule *rule);
void mr_rules_put_stops(mr_buf *out, const mr_ruleset *rules, const mr_rule *rule);

/* Every rule, drug group and profile as FHIR: one file each in `dir`, which is made or empty, and all of them in a
 * transaction Bundle. *ret_n: resources.
 *   MR_INVALID  the folder holds something already, or is none;  MR_IO;  MR_NOMEM */
mr_rc mr_rules_export(const mr_fhir_knowledge *k, const char *dir, size_t *ret_n, mr_error *err) MR_MUST_CHECK;

#endif
