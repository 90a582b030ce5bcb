/* The set-up code: who has it becomes the first person of a server that belongs to nobody yet.
 * It is not stored: it is made from the newest key of the key file, so that whoever can read
 * that file can be told it again. */
#ifndef HEARTH_CORE_SIGNIN_SETUP_H
#define HEARTH_CORE_SIGNIN_SETUP_H

#include <stdbool.h>

struct vault;

enum { SETUP_CODE_SIZE = 16 + 3 + 1, SETUP_TYPED_MAX = 64 };

/* ABCD-EFGH-IJKL-MNOP: 80 bits. */
void signin_setup_code(const struct vault *vault, char ret_code[SETUP_CODE_SIZE]);
/* As somebody typed it: without regard to case, hyphens and blanks. Takes as long whatever is
 * wrong. */
bool signin_setup_code_is(const struct vault *vault, const char *typed);

#endif
