#include "plug/trusted.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

enum { LINKS_MAX = 40 };

/* The way to a file, one name at a time, as the kernel goes it. */
struct walk {
    const char *path;
    char shown[PLUG_SHOWN];
    char at[PATH_MAX];   /* what has been looked at: a real path, "" for / */
    char rest[PATH_MAX]; /* what comes behind it */
    bool open;           /* everybody may put something into the folder `at` (one like /tmp) */
    int links;
};

/* The program's owner could as well change the program. */
static bool is_trusted(uid_t uid)
{
    struct stat program;
    return uid == 0 || uid == geteuid() ||
           (stat("/proc/self/exe", &program) == 0 && uid == program.st_uid);
}

/* `at` and what is known of it. */
static int walk_look(struct walk *walk, const struct stat *st, struct err *err)
{
    char shown[PLUG_SHOWN], which[PLUG_SHOWN + 16];
    bool folder = S_ISDIR(st->st_mode), writable = (st->st_mode & S_IWOTH) != 0;
    str_ends(shown, sizeof(shown), walk->at[0] == '\0' ? "/" : walk->at);
    bool self = strcmp(shown, walk->shown) == 0;
    snprintf(which, sizeof(which), self ? "it" : folder ? "the folder %s" : "the file %s", shown);
    walk->open = folder && writable;
    if (!is_trusted(st->st_uid))
        return err_set(err, HEARTH_ERR_DENIED,
                       "%s is not loaded, because %s belongs to another user (number %u): run "
                       "chown root on it, or run hearthd as that one",
                       walk->shown, which, (unsigned)st->st_uid);
    if (!folder && !S_ISREG(st->st_mode))
        return 0; /* it is refused for that */
    /* in a sticky one nobody replaces what is another's */
    if (writable && !(folder && (st->st_mode & S_ISVTX) != 0))
        return err_set(
            err, HEARTH_ERR_DENIED,
            "%s is not loaded, because everybody may change %s (mode %04o): run chmod o-w on it",
            walk->shown, which, (unsigned)st->st_mode & 07777u);
    return 0;
}

static int walk_failed(const struct walk *walk, int why, struct err *err)
{
    char target[PLUG_SHOWN], link[PATH_MAX];
    ssize_t n = readlink(walk->path, link, sizeof(link) - 1);
    if (why != ENOENT && why != ENOTDIR)
        return err_errno(err, why, "cannot look at %s", walk->shown);
    if (n <= 0)
        return err_set(err, HEARTH_ERR_NOT_FOUND, "there is no file %s", walk->shown);
    link[n] = '\0';
    return err_set(err, HEARTH_ERR_INVALID,
                   "%s is a link to %s, and nothing is there: mend or remove the link", walk->shown,
                   str_ends(target, sizeof(target), link));
}

static int walk_link(struct walk *walk, const struct stat *st, struct err *err)
{
    char target[PATH_MAX], way[2 * PATH_MAX];
    ssize_t n = readlink(walk->at, target, sizeof(target) - 1);
    if (n < 0)
        return walk_failed(walk, errno, err);
    target[n] = '\0';
    if (walk->open && !is_trusted(st->st_uid))
        return err_set(
            err, HEARTH_ERR_DENIED,
            "%s is not loaded, because a link on the way to it belongs to another user (number %u)",
            walk->shown, (unsigned)st->st_uid);
    int size = snprintf(way, sizeof(way), "%s/%s", target, walk->rest);
    if (++walk->links > LINKS_MAX || size >= PATH_MAX)
        return walk_failed(walk, walk->links > LINKS_MAX ? ELOOP : ENAMETOOLONG, err);
    str_copy(walk->rest, sizeof(walk->rest), way);
    if (target[0] == '/')
        walk->at[0] = '\0';
    else
        *strrchr(walk->at, '/') = '\0';
    return 0;
}

/* The next name of `rest`. */
static int walk_step(struct walk *walk, struct err *err)
{
    const char *name = walk->rest + strspn(walk->rest, "/");
    size_t n = strcspn(name, "/"), at = strlen(walk->at);
    struct stat st;
    if (n == 2 && memcmp(name, "..", 2) == 0) {
        char *slash = strrchr(walk->at, '/');
        if (slash != NULL)
            *slash = '\0';
    } else if (n > 0 && !(n == 1 && name[0] == '.')) {
        if (at + 1 + n >= sizeof(walk->at))
            return walk_failed(walk, ENAMETOOLONG, err);
        walk->at[at] = '/';
        memcpy(walk->at + at + 1, name, n);
        walk->at[at + 1 + n] = '\0';
    }
    memmove(walk->rest, name + n, strlen(name + n) + 1);
    if (lstat(walk->at[0] == '\0' ? "/" : walk->at, &st) != 0)
        return walk_failed(walk, errno, err);
    return S_ISLNK(st.st_mode) ? walk_link(walk, &st, err) : walk_look(walk, &st, err);
}

int plug_trusted_check(const char *path, struct err *err)
{
    struct walk walk = {.path = path};
    char folder[PATH_MAX] = "";
    str_ends(walk.shown, sizeof(walk.shown), path);
    if (path[0] != '/' && getcwd(folder, sizeof(folder)) == NULL)
        return walk_failed(&walk, errno, err);
    int n = snprintf(walk.rest, sizeof(walk.rest), "/./%s/%s", folder, path);
    if (n < 0 || (size_t)n >= sizeof(walk.rest))
        return walk_failed(&walk, ENAMETOOLONG, err);
    int r = 0;
    while (r == 0 && walk.rest[strspn(walk.rest, "/")] != '\0')
        r = walk_step(&walk, err);
    return r;
}
