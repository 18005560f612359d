/* The identity of a rule's findings, as written in the packs: the forms of clusters.md. */
#include "names.h"
#include "pack.h"

static void add_group(mr_pack *p, const mr_yaml *node, mr_span name, mr_identity *id) {
    uint16_t g = mr_name_find(p->rules, MR_NAME_GROUP, name);
    if (g == MR_NO_NUMBER) {
        mr_span near = mr_name_near(p->rules, MR_NAME_GROUP, name);
        mr_complain(p->complaints, node->at, "identity: there is no drug group \"%.*s\"%s%.*s%s", MR_SPAN_ARG(name),
                    near.ptr ? "; did you mean \"" : "", MR_SPAN_ARG(near), near.ptr ? "\"?" : "");
        return;
    }
    if (id->n_groups == MR_IDENTITY_GROUPS) {
        mr_complain(p->complaints, node->at, "identity: more than %d drug groups", MR_IDENTITY_GROUPS);
        return;
    }
    id->groups[id->n_groups++] = g;
}

static void add_groups(mr_pack *p, const mr_yaml *node, mr_span list, char separator, mr_identity *id) {
    mr_span name;
    for (bool more = true; more;) {
        more = mr_span_split(list, separator, &name, &list);
        add_group(p, node, mr_span_trim(name), id);
    }
}

static void read_test(mr_pack *p, const mr_yaml *node, mr_span rest, mr_identity *id) {
    mr_span groups;
    id->form = MR_ID_TEST;
    if (!mr_span_split(rest, '+', &id->word, &groups) || !mr_value_is_name(id->word)) {
        mr_complain(p->complaints, node->at, "identity: a test is \"test:KEY+GROUP\", such as \"test:u-and-e+raas\"");
        return;
    }
    add_groups(p, node, groups, mr_span_find(groups, ',') < groups.len ? ',' : '|', id);
}

static void read_start(mr_pack *p, const mr_yaml *node, mr_span word, mr_identity *id) {
    id->form = MR_ID_START;
    id->word = word;
    if (!mr_value_is_name(word))
        mr_complain(p->complaints, node->at, "identity: a missing medicine is \"start:GROUP\", such as \"start:ics\"");
}

void mr_pack_identity(mr_pack *p, const mr_yaml *node, mr_identity *ret) {
    mr_span text = node->text;
    *ret = (mr_identity){.form = MR_ID_PATIENT};
    if (node->kind != MR_YAML_TEXT || text.len == 0) {
        mr_complain(p->complaints, node->at, "\"identity\" is a text");
        return;
    }
    if (mr_span_is(text, "patient")) return;
    if (mr_span_is(text, "any")) {
        ret->form = MR_ID_ANY;
    } else if (mr_span_starts(text, "test:")) {
        read_test(p, node, mr_span_from(text, 5), ret);
    } else if (mr_span_starts(text, "start:")) {
        read_start(p, node, mr_span_from(text, 6), ret);
    } else if (mr_span_starts(text, "all:")) {
        ret->form = MR_ID_ALL;
        add_groups(p, node, mr_span_from(text, 4), '|', ret);
    } else if (mr_span_starts(text, "same:")) {
        ret->form = MR_ID_SAME;
        add_groups(p, node, mr_span_from(text, 5), '|', ret);
    } else if (mr_span_find(text, ',') < text.len) {
        ret->form = MR_ID_MIXTURE;
        add_groups(p, node, text, ',', ret);
    } else {
        ret->form = MR_ID_EACH;
        add_groups(p, node, text, '|', ret);
    }
}
