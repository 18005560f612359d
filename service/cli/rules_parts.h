/* What the files of `medreview rules` share. */
#ifndef MEDREVIEW_CLI_RULES_PARTS_H
#define MEDREVIEW_CLI_RULES_PARTS_H

#include "medreview/knowledge/knowledge.h"

typedef enum mr_rules_format { MR_RULES_TEXT, MR_RULES_TSV, MR_RULES_JSON } mr_rules_format;

/* All rules by id, drafts included. */
void mr_rules_list(const mr_ruleset *rules, mr_rules_format format, mr_buf *out);
/* One rule: what it says, from where, and the groups, concepts and examples it stands on. */
void mr_rules_show(const mr_ruleset *rules, const mr_rule *rule, mr_buf *out);

#endif
