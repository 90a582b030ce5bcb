/* The bookmark whose keyword a typed string begins with. */
#ifndef HEARTH_CORE_API_KEYWORD_H
#define HEARTH_CORE_API_KEYWORD_H

#include "api/source.h"

struct api_keyword {
    const char *url;     /* with the words in it; NULL: no such bookmark, or words have no place */
    const char *keyword; /* as it is kept */
    const char *title, *tags, *bookmark; /* of the bookmark; bookmark: its id */
    struct search_keyword rest;          /* for the search of the rest */
    bool applies;                        /* the first word is a keyword */
};

/* Texts live in the arena. */
int api_keyword_find(struct search *search, struct source *source, int64_t generation,
                     const char *typed, struct arena *arena, struct api_keyword *ret_keyword,
                     struct err *err);

#endif
