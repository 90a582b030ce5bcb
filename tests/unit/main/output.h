/* What a function prints. */
#ifndef TESTS_UNIT_MAIN_OUTPUT_H
#define TESTS_UNIT_MAIN_OUTPUT_H

/* From here on what goes to this descriptor (1 or 2) is kept. */
void output_begin(int fd);
/* It goes where it went before; the text, until the next output_begin(). */
const char *output_end(void);

#endif
