/* What reading one named thing after another needs: names, places, doubles. Private to pack_names.c, pack_groups.c. */
#ifndef MEDREVIEW_KNOWLEDGE_PACK_DRAFTS_H
#define MEDREVIEW_KNOWLEDGE_PACK_DRAFTS_H

#include "pack.h"

#include <string.h>

/* Adds a draft, or writes it over the shipped one of the same name. */
#define MR_PACK_KEEP(p, list, draft, what)                                                                             \
    do {                                                                                                               \
        bool is_double;                                                                                                \
        void *old = mr_pack_same((p), (p)->list.v, (p)->list.n, sizeof *(p)->list.v, (draft).head.name,                \
                                 (draft).head.at, (what), &is_double);                                                 \
        if (!old) {                                                                                                    \
            if (!MR_PUSH((p)->arena, (p)->list.v, (p)->list.n, (p)->list.cap, (draft))) mr_pack_out_of_room(p);        \
        } else if (!is_double) {                                                                                       \
            memcpy(old, &(draft), sizeof(draft));                                                                      \
        }                                                                                                              \
    } while (0)

/* false after a complaint: the key of `m` is no small name. */
bool mr_pack_named(mr_pack *p, const mr_yaml *m, const char *what);
/* false after a complaint: the section is no map. */
bool mr_pack_is_map(mr_pack *p, const mr_yaml *node, const char *section);
/* A substance as terminology writes it: small letters; a word in capitals is an abbreviation ("levonorgestrel IUD"). */
bool mr_pack_is_substance(mr_span s);
/* false: the group has that member already, with the same routes and terms. There must be room for one more. */
bool mr_pack_member_add(mr_group *g, mr_group_member member);

#endif
