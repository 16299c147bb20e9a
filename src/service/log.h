/* SPDX-License-Identifier: Apache-2.0 */
/* service/log.h: the daemon's log: lines on stderr, with level prefixes if the journal reads them.
 *
 * Only the main thread logs. An error takes one line, and no line contains recognised text, sound, or what a client sent. Of very
 * many lines most are left out, and counted.
 */
#ifndef TRAGUS_SERVICE_LOG_H
#define TRAGUS_SERVICE_LOG_H

enum service_log_level { SERVICE_LOG_ERROR = 3, SERVICE_LOG_WARNING = 4, SERVICE_LOG_NOTICE = 5, SERVICE_LOG_INFO = 6 };

void service_log(enum service_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
