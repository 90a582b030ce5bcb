/* The Lua scripts of scripts/: every change of the queue is one of them, and so atomic. */
#ifndef QUEUE_REDIS_SCRIPT_H
#define QUEUE_REDIS_SCRIPT_H

enum script_name {
    SCRIPT_PUBLISH,
    SCRIPT_RESERVE,
    SCRIPT_EXTEND,
    SCRIPT_FINISH,
    SCRIPT_COUNTS,
    SCRIPT_PEEK,
    SCRIPT_REMOVE,
    SCRIPT_CLEAR,
    SCRIPT_KEEP_PUT,
    SCRIPT_KEEP_TAKE
};

struct script {
    const char *sha1; /* hex */
    const char *text;
};

extern const struct script redis_scripts[];

#endif
