/* Files, small and whole. */
#ifndef DESK_FILE_H
#define DESK_FILE_H

/* Its text, to be freed; NULL, with errno, if it cannot be read, or is larger than a mebibyte. */
char *file_read(const char *path);

/* Writes text to a file that only its owner may read, in one step: a reader sees the old text or the new one. Returns
 * 0, with errno, if it cannot. */
int file_write_private(const char *path, const char *text);

/* Makes the directories above a path, as far as they are missing. */
void file_make_parents(const char *path);

#endif
