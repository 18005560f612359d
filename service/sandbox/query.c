/* Query strings and form bodies: names, modifiers, values; decoded, in the order they came. */
#include <stdlib.h>
#include <string.h>

#include "room.h"

enum { MAX_ARGS = 200 }; /* no search of ours has 20; bounds a hostile one */

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* A heap string; NULL when an escape is broken or names the zero byte. */
static char *decoded(mr_span raw) {
    char *out = malloc(raw.len + 1);
    MR_REQUIRE(out != NULL);
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (c == '%') {
            int hi = i + 2 < raw.len ? hex(raw.ptr[i + 1]) : -1;
            int lo = i + 2 < raw.len ? hex(raw.ptr[i + 2]) : -1;
            if (hi < 0 || lo < 0 || hi + lo == 0) {
                free(out);
                return NULL;
            }
            c = (char)(hi * 16 + lo);
            i += 2;
        }
        out[n++] = raw.ptr[i] == '+' && c == '+' ? ' ' : c;
    }
    out[n] = '\0';
    return out;
}

static void push(mr_sb_args *args, mr_sb_arg arg) {
    if (args->n == args->room) {
        args->room = args->room == 0 ? 8 : args->room * 2;
        args->items = realloc(args->items, args->room * sizeof *args->items);
        MR_REQUIRE(args->items != NULL);
    }
    args->items[args->n++] = arg;
}

static int parse_pair(mr_span pair, mr_sb_args *args, mr_sb_problem *p) {
    mr_span name, value;
    if (!mr_span_split(pair, '=', &name, &value)) value = MR_SPAN("");
    mr_sb_arg arg = {decoded(name), NULL, decoded(value)};
    if (arg.name == NULL || arg.value == NULL || args->n >= MAX_ARGS) {
        free(arg.name);
        free(arg.value);
        return args->n >= MAX_ARGS ? mr_sb_refuse(p, 400, "too-costly", "more than %d parameters", (int)MAX_ARGS)
                                   : mr_sb_refuse(p, 400, "invalid", "broken percent-encoding in the query");
    }
    char *colon = strchr(arg.name, ':');
    arg.modifier = colon == NULL ? arg.name + strlen(arg.name) : colon + 1;
    if (colon != NULL) *colon = '\0';
    push(args, arg);
    return 0;
}

int mr_sb_args_parse(mr_span raw, mr_sb_args *args, mr_sb_problem *p) {
    mr_span pair;
    while (raw.ptr != NULL) {
        mr_span_split(raw, '&', &pair, &raw);
        if (pair.len == 0) continue;
        int status = parse_pair(pair, args, p);
        if (status != 0) return status;
    }
    return 0;
}

void mr_sb_args_free(mr_sb_args *args) {
    for (size_t i = 0; i < args->n; i++) {
        free(args->items[i].name); /* the modifier lies in it */
        free(args->items[i].value);
    }
    free(args->items);
    *args = (mr_sb_args){0};
}

const char *mr_sb_args_get(const mr_sb_args *args, const char *name) {
    for (size_t i = 0; i < args->n; i++)
        if (strcmp(args->items[i].name, name) == 0) return args->items[i].value;
    return NULL;
}

void mr_sb_url_encode(mr_buf *out, const char *text) {
    for (; *text != '\0'; text++) {
        char c = *text;
        bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c) != NULL;
        if (plain)
            mr_buf_addc(out, c);
        else
            mr_buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}
