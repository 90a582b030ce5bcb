#include "signin/room.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/index_table.h"
#include "base/str.h"

/* Places and networks lie in arrays, and lists are of their numbers. */
struct link {
    int older, newer;
};

struct list {
    int oldest, newest;
};

enum rank { BEGAN, WORTH, RANKS };

struct place {
    struct link of_site, of_all;
    int site;
    enum rank rank;
};

struct site {
    char key[64];
    int count;
    struct link of_count; /* among those with as many places */
    struct list places[RANKS];
};

struct room {
    int limit, site_limit;
    int most; /* the largest count that a network has */
    struct place *places;
    struct site *sites;            /* as many as places: each place may be of another network */
    int *free_places, *free_sites; /* stacks */
    int free_place_count, free_site_count;
    struct index_table table; /* networks by key, room for all */
    struct list *with;        /* networks with so many places: site_limit + 1 */
    struct list all;
};

static const struct list EMPTY = {ROOM_NONE, ROOM_NONE};

static struct link *place_of_site(struct room *room, int number)
{
    return &room->places[number].of_site;
}

static struct link *place_of_all(struct room *room, int number)
{
    return &room->places[number].of_all;
}

static struct link *site_of_count(struct room *room, int number)
{
    return &room->sites[number].of_count;
}

typedef struct link *link_getter(struct room *room, int number);

/* As the newest. */
static void list_join(struct room *room, struct list *list, link_getter *link, int number)
{
    *link(room, number) = (struct link){list->newest, ROOM_NONE};
    if (list->newest != ROOM_NONE)
        link(room, list->newest)->newer = number;
    else
        list->oldest = number;
    list->newest = number;
}

static void list_part(struct room *room, struct list *list, link_getter *link, int number)
{
    const struct link *mine = link(room, number);
    if (mine->older != ROOM_NONE)
        link(room, mine->older)->newer = mine->newer;
    else
        list->oldest = mine->newer;
    if (mine->newer != ROOM_NONE)
        link(room, mine->newer)->older = mine->older;
    else
        list->newest = mine->older;
}

struct room *signin_room_create(int limit, int site_limit)
{
    struct room *room = calloc(1, sizeof(*room));
    if (room == NULL)
        return NULL;
    size_t count = (size_t)limit;
    room->limit = limit;
    room->site_limit = site_limit;
    room->places = calloc(count, sizeof(*room->places));
    room->sites = calloc(count, sizeof(*room->sites));
    room->free_places = calloc(count, sizeof(int));
    room->free_sites = calloc(count, sizeof(int));
    room->with = calloc((size_t)site_limit + 1, sizeof(*room->with));
    if (room->places == NULL || room->sites == NULL || room->free_places == NULL ||
        room->free_sites == NULL || room->with == NULL || !index_table_init(&room->table, count)) {
        signin_room_destroy(room);
        return NULL;
    }
    for (int i = 0; i < limit; i++)
        room->free_places[i] = room->free_sites[i] = i;
    for (int i = 0; i <= site_limit; i++)
        room->with[i] = EMPTY;
    room->free_place_count = room->free_site_count = limit;
    room->all = EMPTY;
    return room;
}

void signin_room_destroy(struct room *room)
{
    if (room == NULL)
        return;
    free(room->places);
    free(room->sites);
    free(room->free_places);
    free(room->free_sites);
    index_table_fini(&room->table);
    free(room->with);
    free(room);
}

static bool site_has(const void *sites, uint32_t site, const void *key)
{
    return strcmp(((const struct site *)sites)[site].key, key) == 0;
}

static uint64_t site_hash(const void *sites, uint32_t site)
{
    return hash_text(((const struct site *)sites)[site].key);
}

static int site_find(const struct room *room, const char *key)
{
    return (int)index_table_find(&room->table, hash_text(key), site_has, room->sites, key);
}

static int site_make(struct room *room, const char *key)
{
    int site = room->free_sites[--room->free_site_count];
    room->sites[site] = (struct site){.places = {EMPTY, EMPTY}};
    str_copy(room->sites[site].key, sizeof(room->sites[site].key), key);
    index_table_put(&room->table, hash_text(key), (uint32_t)site);
    return site;
}

static void site_free(struct room *room, int site)
{
    index_table_remove(&room->table, hash_text(room->sites[site].key), (uint32_t)site, site_hash,
                       room->sites);
    room->free_sites[room->free_site_count++] = site;
}

/* By one, up or down: so the largest count moves by one, too. */
static void site_count(struct room *room, int site, int change)
{
    struct site *s = &room->sites[site];
    if (s->count > 0)
        list_part(room, &room->with[s->count], site_of_count, site);
    s->count += change;
    if (s->count > 0)
        list_join(room, &room->with[s->count], site_of_count, site);
    if (s->count > room->most)
        room->most = s->count;
    else if (room->most > 0 && room->with[room->most].oldest == ROOM_NONE)
        room->most--;
    if (s->count == 0)
        site_free(room, site);
}

static int site_first_to_go(const struct site *site)
{
    return site->places[BEGAN].oldest != ROOM_NONE ? site->places[BEGAN].oldest
                                                   : site->places[WORTH].oldest;
}

int signin_room_first_to_go(const struct room *room, const char *site)
{
    int own = site_find(room, site);
    if (own != ROOM_NONE && room->sites[own].count >= room->site_limit)
        return site_first_to_go(&room->sites[own]);
    return room->free_place_count > 0
               ? ROOM_NONE
               : site_first_to_go(&room->sites[room->with[room->most].oldest]);
}

int signin_room_enter(struct room *room, const char *site)
{
    int number = room->free_places[--room->free_place_count], own = site_find(room, site);
    struct place *place = &room->places[number];
    place->site = own != ROOM_NONE ? own : site_make(room, site);
    place->rank = BEGAN;
    list_join(room, &room->sites[place->site].places[BEGAN], place_of_site, number);
    list_join(room, &room->all, place_of_all, number);
    site_count(room, place->site, 1);
    return number;
}

void signin_room_leave(struct room *room, int number)
{
    const struct place *place = &room->places[number];
    list_part(room, &room->sites[place->site].places[place->rank], place_of_site, number);
    list_part(room, &room->all, place_of_all, number);
    site_count(room, place->site, -1);
    room->free_places[room->free_place_count++] = number;
}

void signin_room_set_worth(struct room *room, int number)
{
    struct place *place = &room->places[number];
    if (place->rank == WORTH)
        return;
    list_part(room, &room->sites[place->site].places[BEGAN], place_of_site, number);
    place->rank = WORTH;
    list_join(room, &room->sites[place->site].places[WORTH], place_of_site, number);
}

int signin_room_oldest(const struct room *room)
{
    return room->all.oldest;
}
