/* Ends one HTTP/2 stream, as if its client had cancelled it. h2o 2.2.5 has no public call for that. */
#include "http/internal.h"

#include <h2o/http2_internal.h>

void cancel_stream(h2o_req_t *req)
{
    h2o_http2_conn_t *conn = (h2o_http2_conn_t *)req->conn;
    h2o_http2_stream_t *stream = H2O_STRUCT_FROM_MEMBER(h2o_http2_stream_t, req, req);
    if (conn->state == H2O_HTTP2_CONN_STATE_IS_CLOSING)
        return;
    h2o_http2_encode_rst_stream_frame(&conn->_write.buf, stream->stream_id, -H2O_HTTP2_ERROR_CANCEL);
    h2o_http2_stream_reset(conn, stream);
    h2o_http2_conn_request_write(conn);
}
