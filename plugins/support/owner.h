/* Whose the files are that root's command line makes: the daemon's user has to open them. */
#ifndef SUPPORT_OWNER_H
#define SUPPORT_OWNER_H

/* Run as root, a new file or directory is given to the owner of the directory that it is in. For
 * others, and where that is not possible, nothing happens. */
void support_owner_give(int fd, const char *path);
void support_owner_give_directory(const char *path);

#endif
