import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okio.BufferedSource;
import okio.ByteString;
import org.json.JSONArray;
import org.json.JSONObject;

/** A client of Hearth with OkHttp; org.json is what Android has. */
final class Hearth {
  final OkHttpClient http;
  final HttpUrl base;
  final String token;

  /** Over TLS both sides agree on HTTP/2; without TLS it is spoken from the first byte. */
  Hearth(OkHttpClient http, String base, String token) {
    this.http = base.startsWith("https:") ? http
        : http.newBuilder().protocols(List.of(Protocol.H2_PRIOR_KNOWLEDGE)).build();
    this.base = HttpUrl.get(base + "/api/v1/");
    this.token = token;
  }

  Request.Builder request(String path) {
    return new Request.Builder().url(base.resolve(path)).header("Authorization", "Bearer " + token);
  }

  Response send(Request.Builder request) throws IOException {
    Response answer = http.newCall(request.build()).execute();
    if (!answer.isSuccessful() && answer.code() != 304) {
      answer.close();
      throw new IOException(answer.request().url() + ": " + answer.code());
    }
    return answer;
  }

  /** Every visit, newest first. */
  List<JSONObject> history() throws IOException {
    List<JSONObject> visits = new ArrayList<>();
    for (String cursor = ""; cursor != null;) {
      HttpUrl.Builder where = base.resolve("history?limit=500").newBuilder();
      if (!cursor.isEmpty()) where.addQueryParameter("cursor", cursor);
      try (Response answer = send(request(where.build().toString()))) {
        JSONObject page = new JSONObject(answer.body().string());
        JSONArray rows = page.getJSONArray("visits");
        for (int i = 0; i < rows.length(); i++) visits.add(rows.getJSONObject(i));
        cursor = page.isNull("next") ? null : page.getString("next");
      }
    }
    return visits;
  }

  /** An account as it is kept by a client, and followed. */
  static final class Copy {
    long generation = 0; // none yet
    final Map<String, JSONObject> pages = new HashMap<>(), bookmarks = new HashMap<>();
    final Map<String, Set<String>> visits = new HashMap<>(); // "DATE TYPE", by page
    JSONArray devices = new JSONArray();

    void apply(JSONObject answer) {
      for (Object row : answer.getJSONArray("pages")) {
        JSONObject page = (JSONObject) row;
        pages.put(page.getString("id"), page);
        Set<String> had = visits.computeIfAbsent(page.getString("id"), id -> new HashSet<>());
        for (Object visit : (JSONArray) page.remove("visits")) {
          had.add(((JSONArray) visit).getLong(0) + " " + ((JSONArray) visit).getInt(1));
        }
      }
      for (Object row : answer.getJSONArray("bookmarks")) {
        JSONObject bookmark = (JSONObject) row;
        bookmarks.put(bookmark.getString("id"), bookmark);
        if (bookmark.optBoolean("removed")) bookmarks.remove(bookmark.getString("id"));
      }
      if (!answer.isNull("devices")) devices = answer.getJSONArray("devices");
      for (Object row : answer.getJSONArray("removals")) {
        JSONObject gone = (JSONObject) row;
        switch (gone.getString("kind")) {
          case "page":
            pages.remove(gone.getString("page"));
            visits.remove(gone.getString("page"));
            break;
          case "bookmark":
            bookmarks.remove(gone.getString("id"));
            break;
          default:
            visits.getOrDefault(gone.getString("page"), new HashSet<>())
                .remove(gone.getLong("date") + " " + gone.getInt("type"));
        }
      }
    }
  }

  /** The copy as it is now: the same one, or a new one where the server cannot say what has
   * changed since. */
  Copy follow(Copy copy) throws IOException {
    for (String cursor = ""; cursor != null;) {
      HttpUrl.Builder where = base.resolve("changes").newBuilder()
          .addQueryParameter("since", Long.toString(copy.generation));
      if (!cursor.isEmpty()) where.addQueryParameter("cursor", cursor);
      try (Response answer = http.newCall(request(where.build().toString()).build()).execute()) {
        if (answer.code() == 410) return follow(new Copy());
        if (!answer.isSuccessful()) throw new IOException("changes: " + answer.code());
        JSONObject page = new JSONObject(answer.body().string());
        copy.apply(page);
        cursor = page.isNull("next") ? null : page.getString("next");
        if (cursor == null) copy.generation = page.getLong("generation");
      }
    }
    return copy;
  }

  /** What is at a path now; null: what came with this ETag still holds. */
  String refresh(String path, String etag) throws IOException {
    try (Response answer = send(request(path).header("If-None-Match", etag))) {
      return answer.code() == 304 ? null : answer.body().string();
    }
  }

  /** All of a download of which `part` has arrived, uncompressed, with this ETag. */
  ByteString resume(String path, String etag, ByteString part) throws IOException {
    Request.Builder rest = request(path).header("Accept-Encoding", "identity")
        .header("If-Range", etag).header("Range", "bytes=" + part.size() + "-");
    try (Response answer = send(rest); okio.Buffer all = new okio.Buffer()) {
      if (answer.code() == 206) all.write(part);
      all.writeAll(answer.body().source());
      return all.readByteString();
    }
  }

  interface Listener {
    /** False: enough. */
    boolean event(String id, String name, JSONObject data);
  }

  /** Events as they come; `last`: the id of the last one before the stream broke, or null. The
   * server says something every 25 seconds, so a read timeout above that finds a dead one. */
  void events(String last, Listener listener) throws IOException {
    Request.Builder request = request("events");
    if (last != null) request.header("Last-Event-ID", last);
    try (Response answer = send(request)) {
      BufferedSource lines = answer.body().source();
      String id = null, name = null, data = null;
      for (String line; (line = lines.readUtf8Line()) != null;) {
        if (line.startsWith("id: ")) id = line.substring(4);
        if (line.startsWith("event: ")) name = line.substring(7);
        if (line.startsWith("data: ")) data = line.substring(6);
        if (line.isEmpty() && data != null) {
          if (!listener.event(id, name, new JSONObject(data))) return;
          id = name = data = null;
        }
      }
    }
  }
}
