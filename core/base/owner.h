/* Whose the files are that root's command line makes: the daemon's user has to open them. */
#ifndef HEARTH_CORE_BASE_OWNER_H
#define HEARTH_CORE_BASE_OWNER_H

/* Run as root, a new file is given to the owner of the folder that it is in. For others, and
 * where that is not possible, nothing happens: it is as private as it was made. */
void owner_give(int fd, const char *path);

#endif
