#include "store/deadline.h"

int hd__deadline_status(const struct hd__deadline *deadline) {
    if (deadline->is_canceled && atomic_load_explicit(deadline->is_canceled, memory_order_relaxed))
        return HD_E_CANCELED;
    return deadline->until_us && hd__monotonic_us(&hd__system_clock) >= deadline->until_us ? HD_E_TIMEOUT : HD_OK;
}

int hd__deadline_is_over(const void *deadline) {
    return hd__deadline_status(deadline) != HD_OK;
}
