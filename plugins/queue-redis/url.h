/* Where the server is: redis://[user[:password]@]host[:port][/db] or unix:/path[?db=n]. */
#ifndef QUEUE_REDIS_URL_H
#define QUEUE_REDIS_URL_H

enum { URL_PART = 256 };

struct redis_url {
    char host[URL_PART]; /* or the path of the socket */
    int port;            /* 0: a unix socket */
    int db;
    char user[URL_PART], password[URL_PART]; /* "": none */
    char shown[URL_PART + 32];               /* for error texts: without user and password */
};

/* NULL, or why the text is no such URL. */
const char *redis_url_parse(const char *text, struct redis_url *ret_url);

#endif
