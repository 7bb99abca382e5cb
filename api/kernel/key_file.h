/*
 * key_file.h -- files that hold keys: read where nobody else can, written to the disk.
 */
#ifndef QINGLAN_KEY_FILE_H
#define QINGLAN_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads the open file FD into TEXT (MOST bytes and a NUL); NULL, or what is wrong: no file, too
 * long, or one that others may read although it is SECRET.
 */
const char *key_file_read(int fd, bool secret, char *text, size_t most, size_t *length);

/* Writes TEXT where FD stands and waits for the disk; NULL, or what is wrong. */
const char *key_file_write(int fd, const char *text);

#endif
