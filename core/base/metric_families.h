/* Every family of /metrics, in its order; docs/metrics.md has the same table for people, and a test
 * compares both.
 *
 * F(ID, TYPE, DIVISOR, ROLES, name, labels, help)
 * DIVISOR: values are kept as whole numbers; so many of them are one of the unit that `name` ends
 * with (1000: they are ms).
 * ROLES: a process without any of these roles does not show the family.
 * labels: "NAME=VALUE|VALUE NAME=*". Where all values are written here, every series is there from
 * the start, with 0. `*`: those of the configuration or the build, made by who counts; bounded by
 * METRICS_SERIES_MAX. `le`: the upper bounds of a histogram's buckets, in the unit of the name. */
#ifndef HEARTH_CORE_BASE_METRIC_FAMILIES_H
#define HEARTH_CORE_BASE_METRIC_FAMILIES_H

/* clang-format off */
#define METRIC_FAMILIES(F) \
    F(BUILD_INFO, GAUGE, 1, METRIC_ALL, "hearth_build_info", "version=*", \
      "1; the label says which release runs") \
    F(ROLE_INFO, GAUGE, 1, METRIC_ALL, "hearth_role_info", "role=web|worker|scheduler", \
      "1 for each role of this process, else 0") \
    F(CPU, COUNTER, 1000000, METRIC_ALL, "process_cpu_seconds_total", "", \
      "User and system CPU time of this process") \
    F(RESIDENT, GAUGE, 1, METRIC_ALL, "process_resident_memory_bytes", "", \
      "Resident memory of this process") \
    F(VIRTUAL, GAUGE, 1, METRIC_ALL, "process_virtual_memory_bytes", "", \
      "Virtual memory of this process") \
    F(OPEN_FDS, GAUGE, 1, METRIC_ALL, "process_open_fds", "", "Open file descriptors") \
    F(MAX_FDS, GAUGE, 1, METRIC_ALL, "process_max_fds", "", "File descriptors that may be open") \
    F(THREADS, GAUGE, 1, METRIC_ALL, "process_threads", "", "Threads of this process") \
    F(START_TIME, GAUGE, 1000, METRIC_ALL, "process_start_time_seconds", "", \
      "When this process was started, since the Unix epoch") \
    F(HTTP_REQUESTS, COUNTER, 1, METRIC_ALL, "hearth_http_requests_total", \
      "route=* method=read|write status=2xx|3xx|4xx|5xx|none", \
      "Requests, counted when their answer begins") \
    F(HTTP_DURATION, HISTOGRAM, 1000000, METRIC_ALL, "hearth_http_request_duration_seconds", \
      "route=* le=0.001|0.005|0.025|0.1|0.25|1|2.5|10", \
      "From a request's last byte to the first of its answer") \
    F(HTTP_IN_FLIGHT, GAUGE, 1, METRIC_ALL, "hearth_http_requests_in_flight", "", \
      "Requests whose answer has not been sent whole; event streams are among them") \
    F(HTTP_CANCELLED, COUNTER, 1, METRIC_ALL, "hearth_http_requests_cancelled_total", "", \
      "Requests whose client went away before it had the whole answer") \
    F(HTTP_REFUSED, COUNTER, 1, METRIC_ALL, "hearth_http_refused_total", "", \
      "Connections and requests refused at a limit") \
    F(HTTP_CONNECTIONS, GAUGE, 1, METRIC_ALL, "hearth_http_connections", "", "Open connections") \
    F(HTTP_KILLED, COUNTER, 1, METRIC_ALL, "hearth_http_connections_killed_total", "", \
      "Connections ended because they cost without asking for anything") \
    F(EVENT_STREAMS, GAUGE, 1, METRIC_WEB, "hearth_event_streams", "", "Open event streams") \
    F(CERTIFICATE, GAUGE, 1000, METRIC_ALL, "hearth_certificate_expiry_timestamp_seconds", \
      "listener=*", "When the certificate that this listener serves ends, since the Unix epoch") \
    F(POOL_WAITING, GAUGE, 1, METRIC_ALL, "hearth_pool_waiting", "pool=*", \
      "Requests that wait for a thread of this pool") \
    F(POOL_REFUSED, COUNTER, 1, METRIC_ALL, "hearth_pool_refused_total", "pool=*", \
      "Requests refused because too many wait for a thread of this pool") \
    F(POOL_EXPIRED, COUNTER, 1, METRIC_ALL, "hearth_pool_expired_total", "pool=*", \
      "Requests that waited too long for a thread of this pool") \
    F(SIGNIN_FAILURES, COUNTER, 1, METRIC_WEB, "hearth_signin_failures_total", \
      "kind=wrong_token|refused|failed|ended", \
      "Sign-ins, and requests with a token, that were not let in") \
    F(SEARCH_MEMORY, GAUGE, 1, METRIC_WEB, "hearth_search_memory_bytes", "", \
      "Memory of the search, over all accounts") \
    F(SEARCH_ACCOUNTS, GAUGE, 1, METRIC_WEB, "hearth_search_accounts", "", \
      "Accounts that the search has in memory") \
    F(SEARCH_EVICTIONS, COUNTER, 1, METRIC_WEB, "hearth_search_evictions_total", "", \
      "Accounts that left the search's memory because it was full") \
    F(SEARCH_REFRESHES, COUNTER, 1, METRIC_WEB, "hearth_search_refreshes_total", "", \
      "Accounts whose search data were brought up to date in the background") \
    F(SEARCH_ENTRIES, COUNTER, 1, METRIC_WEB, "hearth_search_entries_total", "", \
      "Index entries that searches looked at") \
    F(PUSH_NOTES, COUNTER, 1, METRIC_WEB | METRIC_WORKER, "hearth_push_notes_total", \
      "result=noted|dropped", "Changes that apps may have to be told of") \
    F(PUSH_MESSAGES, COUNTER, 1, METRIC_WEB | METRIC_WORKER, "hearth_push_messages_total", \
      "outcome=sent|failed", "Push messages, by what the push service said") \
    F(PUSH_ENDED, COUNTER, 1, METRIC_WEB | METRIC_WORKER, "hearth_push_subscriptions_ended_total", \
      "", "Subscriptions removed because their app or their token is gone") \
    F(SYNCS, COUNTER, 1, METRIC_WORKER, "hearth_syncs_total", \
      "outcome=ok|waiting|signin_needed|paused|error|cancelled", \
      "Attempts to sync an account, by the state that they left") \
    F(SYNC_DURATION, HISTOGRAM, 1000, METRIC_WORKER, "hearth_sync_duration_seconds", \
      "le=0.5|1|2.5|5|10|30|60|300|1800", \
      "How long attempts to sync took") \
    F(SYNC_RECORDS, COUNTER, 1, METRIC_WORKER, "hearth_sync_records_total", \
      "result=taken|damaged", "Records received from Sync services") \
    F(SYNC_REQUESTS, COUNTER, 1, METRIC_WORKER, "hearth_sync_requests_total", "", \
      "Requests to Sync services") \
    F(SYNC_BYTES, COUNTER, 1, METRIC_WORKER, "hearth_sync_received_bytes_total", "", \
      "Bytes received from Sync services") \
    F(JOBS, COUNTER, 1, METRIC_WORKER, "hearth_jobs_total", \
      "kind=sync|move|unknown outcome=done|retry|dead", \
      "Jobs that workers of this process took, by what the queue was told") \
    F(CHANGES, COUNTER, 1, METRIC_WORKER, "hearth_source_changes_total", \
      "result=noted|published|ignored|dropped", \
      "What sync plugins said of changes at their sources, and what became of it") \
    F(LEASES, COUNTER, 1, METRIC_SCHEDULER, "hearth_scheduler_leases_total", "", \
      "Due accounts that were put into the queue") \
    F(ACCOUNTS, GAUGE, 1, METRIC_SCHEDULER, "hearth_accounts", \
      "node=* state=ok|waiting|signin_needed|paused|error", \
      "Accounts by state, when they were counted last") \
    F(OVERDUE, GAUGE, 1000, METRIC_SCHEDULER, "hearth_accounts_overdue_seconds", "node=*", \
      "How late the most overdue sync is, when accounts were counted last") \
    F(ACCOUNTS_COUNTED, GAUGE, 1000, METRIC_SCHEDULER, \
      "hearth_accounts_counted_timestamp_seconds", "node=*", \
      "When accounts were counted last, since the Unix epoch; 0: not yet") \
    F(QUEUE_JOBS, GAUGE, 1, METRIC_SCHEDULER, "hearth_queue_jobs", "state=ready|delayed|in_work", \
      "Jobs in the queue, when the scheduler looked last") \
    F(QUEUE_DEAD, GAUGE, 1, METRIC_SCHEDULER, "hearth_queue_dead_jobs", "", \
      "Jobs that were given up since the queue was made") \
    F(QUEUE_OLDEST, GAUGE, 1000, METRIC_SCHEDULER, "hearth_queue_oldest_job_age_seconds", "", \
      "How long the oldest job that may be taken has been seen to wait; 0: there is none") \
    F(PRESENCE_DROPPED, COUNTER, 1, METRIC_WEB, "hearth_presence_dropped_total", "", \
      "Notes that somebody was here for which there was no room") \
    F(NODE_UP, GAUGE, 1, METRIC_ALL, "hearth_node_up", "node=*", \
      "1: the storage of this node answers and can be written") \
    F(BREAKER, GAUGE, 1, METRIC_ALL, "hearth_breaker_state", \
      "backend=storage|queue node=* state=closed|open|impaired", \
      "1 for the state of the circuit breaker; impaired: it answers, but cannot be written") \
    F(BREAKER_TRIPS, COUNTER, 1, METRIC_ALL, "hearth_breaker_trips_total", \
      "backend=storage|queue node=*", "How often a circuit breaker was opened") \
    F(BACKEND_ERRORS, COUNTER, 1, METRIC_ALL, "hearth_backend_errors_total", \
      "plugin=* node=* code=unavailable|timeout|uncertain|io|full|corrupt|denied|internal|other", \
      "Calls of storage and queue plugins that failed, or were not made for an open breaker") \
    F(RECONNECTS, COUNTER, 1, METRIC_ALL, "hearth_backend_reconnects_total", "plugin=* node=*", \
      "How often a backend answered again after it did not") \
    F(PLUGIN_EVENTS, COUNTER, 1, METRIC_ALL, "hearth_plugin_events_total", "plugin=* event=*", \
      "What plugins count by themselves; their pages say what") \
    F(CLIENT_REQUESTS, COUNTER, 1, METRIC_ALL, "hearth_http_client_requests_total", \
      "outcome=ok|failed", "Requests to other servers; failed: there was no answer") \
    F(LOG_LINES, COUNTER, 1, METRIC_ALL, "hearth_log_lines_total", \
      "level=error|warning|info|debug|audit|access", "Lines of the log") \
    F(BACKUP, GAUGE, 1000, METRIC_ALL, "hearth_backup_last_success_timestamp_seconds", "", \
      "When `hearthd backup` last succeeded for this state directory; 0: never")
/* clang-format on */

#endif
