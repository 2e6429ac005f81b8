#include "helmdesk.h"

#define TEXT(x) #x
#define DOTTED(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

const char *hd_version(void) {
    return DOTTED(HD_VERSION_MAJOR, HD_VERSION_MINOR, HD_VERSION_PATCH);
}

uint32_t hd_version_number(void) {
    return HD_VERSION_MAJOR << 16 | HD_VERSION_MINOR << 8 | HD_VERSION_PATCH;
}
