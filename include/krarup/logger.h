/* SPDX-License-Identifier: Apache-2.0 */
/* logger.h: what a node has to say to people. Follows OTP's logger.
 */
#ifndef KRARUP_LOGGER_H
#define KRARUP_LOGGER_H

#include <krarup/process.h>

/* The most important first, as in syslog and in OTP. */
typedef enum kr_log_level {
        KR_LOG_NONE = -1, /* as a limit: nothing */
        KR_LOG_EMERGENCY,
        KR_LOG_ALERT,
        KR_LOG_CRITICAL,
        KR_LOG_ERROR,
        KR_LOG_WARNING,
        KR_LOG_NOTICE, /* the limit of a node unless it is set */
        KR_LOG_INFO,
        KR_LOG_DEBUG,
        KR_LOG_ALL, /* as a limit: everything */
} kr_log_level;

#endif
