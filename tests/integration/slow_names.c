/* SPDX-License-Identifier: Apache-2.0 */
/* slow_names: stands before the C library (LD_PRELOAD). While the file $SLOW_NAMES is there, the user database answers after five
 * seconds, as one on another machine may. */
#include <dlfcn.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

struct passwd *getpwuid(uid_t uid) {
    struct passwd *(*real)(uid_t) = (struct passwd * (*)(uid_t)) dlsym(RTLD_NEXT, "getpwuid");
    const char *file = getenv("SLOW_NAMES");

    if (file && access(file, F_OK) == 0)
        sleep(5);
    return real(uid);
}
