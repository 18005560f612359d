/* Between the rounds: members_of of drug groups. A union takes over what its groups hold, with the routes and terms
 * that stand there; its own members are beside them, and `except` leaves substances out. */
#include "names.h"
#include "pack_drafts.h"

enum { NOT_YET, UNDER_WAY, DONE };

typedef struct unions {
    mr_pack *p;
    unsigned char *state; /* by group */
} unions;

static uint16_t group_of(mr_pack *p, const mr_yaml *m) {
    mr_span name = m->kind == MR_YAML_TEXT ? m->text : MR_SPAN("");
    uint16_t g = mr_name_find(p->rules, MR_NAME_GROUP, name);
    if (g != MR_NO_NUMBER) return g;
    mr_span near = mr_name_near(p->rules, MR_NAME_GROUP, name);
    if (near.ptr)
        mr_complain(p->complaints, m->at, "there is no drug group \"%.*s\"; did you mean \"%.*s\"?", MR_SPAN_ARG(name),
                    MR_SPAN_ARG(near));
    else
        mr_complain(p->complaints, m->at, "there is no drug group \"%.*s\"", MR_SPAN_ARG(name));
    return MR_NO_NUMBER;
}

static bool listed(const mr_span *v, size_t n, mr_span substance) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_eq(v[i], substance)) return true;
    return false;
}

/* Both lists, one behind the other; the first alone where the second is empty. */
static void join_except(mr_pack *p, mr_group_prefix *x, const mr_span *more, size_t n_more) {
    if (!n_more) return;
    mr_span *v = MR_NEW_N(p->arena, mr_span, x->n_except + n_more);
    if (!v) {
        mr_pack_out_of_room(p);
        return;
    }
    if (x->n_except) memcpy(v, x->except, x->n_except * sizeof *v);
    memcpy(v + x->n_except, more, n_more * sizeof *v);
    x->except = v;
    x->n_except += n_more;
}

static void take_over(mr_pack *p, mr_group *to, const mr_group *from, const mr_span *except, size_t n_except) {
    for (size_t i = 0; i < from->n_members; i++)
        if (!listed(except, n_except, from->members[i].substance)) (void)mr_pack_member_add(to, from->members[i]);
    for (size_t i = 0; i < from->n_prefixes; i++) {
        mr_group_prefix x = from->prefixes[i];
        join_except(p, &x, except, n_except);
        to->prefixes[to->n_prefixes++] = x;
    }
}

/* Room for what the group holds and for what it takes over. */
static bool make_room(mr_pack *p, mr_group *g, const mr_yaml *members_of) {
    size_t members = g->n_members, prefixes = g->n_prefixes;
    for (const mr_yaml *m = members_of; m; m = m->next) {
        uint16_t from = mr_name_find(p->rules, MR_NAME_GROUP, m->text);
        if (from == MR_NO_NUMBER) continue;
        members += p->rules->groups[from].n_members;
        prefixes += p->rules->groups[from].n_prefixes;
    }
    mr_group_member *v = MR_NEW_N(p->arena, mr_group_member, members ? members : 1);
    mr_group_prefix *w = MR_NEW_N(p->arena, mr_group_prefix, prefixes ? prefixes : 1);
    if (!v || !w) {
        mr_pack_out_of_room(p);
        return false;
    }
    if (g->n_members) memcpy(v, g->members, g->n_members * sizeof *v);
    if (g->n_prefixes) memcpy(w, g->prefixes, g->n_prefixes * sizeof *w);
    g->members = v;
    g->prefixes = w;
    return true;
}

static bool brought_in(mr_pack *p, const mr_yaml *members_of, mr_span substance) {
    for (const mr_yaml *m = members_of; m; m = m->next) {
        uint16_t from = mr_name_find(p->rules, MR_NAME_GROUP, m->text);
        if (from == MR_NO_NUMBER) continue;
        const mr_group *g = &p->rules->groups[from];
        if (g->n_prefixes) return true; /* a code may bring in any substance */
        for (size_t i = 0; i < g->n_members; i++)
            if (mr_span_eq(g->members[i].substance, substance)) return true;
    }
    return false;
}

/* The substances left out; each must be one that would be there without. */
static const mr_span *read_except(mr_pack *p, const mr_yaml *node, const mr_yaml *members_of, size_t *ret_n) {
    size_t n;
    const mr_yaml *m = mr_value_list(p, node, "except", &n);
    *ret_n = 0;
    if (!m) return NULL;
    if (!members_of)
        mr_complain(p->complaints, m->at, "\"except\" leaves out of what members_of brings; that is missing");
    mr_span *v = MR_NEW_N(p->arena, mr_span, n);
    if (!v) {
        mr_pack_out_of_room(p);
        return NULL;
    }
    for (; m && members_of; m = m->next) {
        if (m->kind == MR_YAML_TEXT && brought_in(p, members_of, m->text))
            v[(*ret_n)++] = m->text;
        else
            mr_complain(p->complaints, m->at, "\"%.*s\" is in none of the groups of members_of", MR_SPAN_ARG(m->text));
    }
    return v;
}

/* By substance, so that a union reads as a list; rows of one substance keep their order. */
static void sort_members(mr_group *g) {
    for (size_t i = 1; i < g->n_members; i++) {
        mr_group_member m = g->members[i];
        size_t at = i;
        for (; at && mr_span_cmp(g->members[at - 1].substance, m.substance) > 0; at--)
            g->members[at] = g->members[at - 1];
        g->members[at] = m;
    }
}

static void spell_out(unions *u, size_t number) {
    mr_pack *p = u->p;
    mr_group *g = &p->rules->groups[number];
    const mr_group_draft *d = &p->groups.v[number];
    const mr_yaml *members_of = mr_value_list(p, d->node, "members_of", NULL);
    u->state[number] = UNDER_WAY;
    for (const mr_yaml *m = members_of; m && p->rc == MR_OK; m = m->next) {
        uint16_t from = group_of(p, m);
        if (from == MR_NO_NUMBER) continue;
        if (u->state[from] == UNDER_WAY)
            mr_complain(p->complaints, m->at, "\"%.*s\" would be a part of itself", MR_SPAN_ARG(m->text));
        else if (u->state[from] == NOT_YET)
            spell_out(u, from);
    }
    size_t n_except;
    const mr_span *except = read_except(p, d->node, members_of, &n_except);
    if (members_of && make_room(p, g, members_of)) {
        for (const mr_yaml *m = members_of; m; m = m->next) {
            uint16_t from = mr_name_find(p->rules, MR_NAME_GROUP, m->text);
            if (from != MR_NO_NUMBER && from != number) take_over(p, g, &p->rules->groups[from], except, n_except);
        }
        sort_members(g);
    }
    u->state[number] = DONE;
    if (!g->n_members && !g->n_prefixes && p->complaints->n == 0)
        mr_complain(p->complaints, d->head.at, "the drug group \"%.*s\" is empty", MR_SPAN_ARG(g->name));
}

void mr_pack_group_unions(mr_pack *p) {
    unions u = {p, MR_NEW_N(p->arena, unsigned char, p->groups.n ? p->groups.n : 1)};
    if (!u.state) {
        mr_pack_out_of_room(p);
        return;
    }
    for (size_t i = 0; i < p->groups.n && p->rc == MR_OK; i++)
        if (u.state[i] == NOT_YET) spell_out(&u, i);
}
