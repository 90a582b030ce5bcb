import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Dispatcher;
import okhttp3.EventListener;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;
import okio.ByteString;
import org.json.JSONArray;
import org.json.JSONObject;

/** Check BASE TOKEN VISITS: Hearth.java, and OkHttp itself, against a server. */
final class Check {
  static final int AT_ONCE = 100, PART = 10000;
  static final String EXPORT = "export/history.json";

  static void check(boolean good, String what) {
    System.out.println((good ? "ok " : "NOT OK ") + what);
    if (!good) System.exit(1);
  }

  static void exports(Hearth hearth, int visits) throws IOException {
    String text, coding, etag;
    try (Response answer = hearth.send(hearth.request(EXPORT))) {
      // OkHttp asks for gzip, unpacks it and takes the header away
      coding = answer.networkResponse().header("Content-Encoding");
      text = answer.body().string();
    }
    int count = 0;
    JSONArray pages = new JSONObject(text).getJSONArray("pages");
    for (int i = 0; i < pages.length(); i++) {
      count += pages.getJSONObject(i).getJSONArray("visits").length();
    }
    check("gzip".equals(coding) && count == visits, "export " + coding + ", " + count + " visits");

    ByteString part, whole = ByteString.encodeUtf8(text);
    try (Response answer = hearth.send(
             hearth.request(EXPORT).header("Accept-Encoding", "identity"))) {
      etag = answer.header("ETag");
      part = answer.body().source().readByteString(PART);
    }
    check(hearth.resume(EXPORT, etag, part).equals(whole), "resumed after " + PART + " bytes");
    check(hearth.resume(EXPORT, "\"other\"", part).equals(whole),
        "all of it, where If-Range is another's");
  }

  static void parallel(Hearth hearth, AtomicInteger opened) throws InterruptedException {
    AtomicInteger good = new AtomicInteger();
    CountDownLatch left = new CountDownLatch(AT_ONCE);
    for (int n = 1; n <= AT_ONCE; n++) {
      int limit = n;
      hearth.http.newCall(hearth.request("history?limit=" + n).build()).enqueue(new Callback() {
        @Override public void onFailure(Call call, IOException error) {
          System.out.println(error);
          left.countDown();
        }
        @Override public void onResponse(Call call, Response answer) throws IOException {
          try (answer) {
            JSONObject page = new JSONObject(answer.body().string());
            boolean h2 = answer.protocol() == Protocol.HTTP_2
                || answer.protocol() == Protocol.H2_PRIOR_KNOWLEDGE;
            if (answer.code() == 200 && h2 && page.getJSONArray("visits").length() == limit) {
              good.incrementAndGet();
            }
          } finally {
            left.countDown();
          }
        }
      });
    }
    boolean done = left.await(60, TimeUnit.SECONDS);
    check(done && good.get() == AT_ONCE && opened.get() == 1,
        good + " of " + AT_ONCE + " at once, " + opened + " connection");
  }

  public static void main(String[] words) throws Exception {
    int visits = Integer.parseInt(words[2]);
    AtomicInteger opened = new AtomicInteger();
    Dispatcher dispatcher = new Dispatcher();
    dispatcher.setMaxRequests(AT_ONCE);
    dispatcher.setMaxRequestsPerHost(AT_ONCE);
    OkHttpClient http = new OkHttpClient.Builder().dispatcher(dispatcher)
        .readTimeout(Duration.ofSeconds(60)).eventListener(new EventListener() {
          @Override public void connectStart(Call call, java.net.InetSocketAddress address,
              java.net.Proxy proxy) {
            opened.incrementAndGet();
          }
        }).build();
    Hearth hearth = new Hearth(http, words[0], words[1]);

    List<JSONObject> seen = hearth.history();
    Set<String> different = new HashSet<>();
    for (JSONObject visit : seen) {
      different.add(visit.get("page") + " " + visit.get("date") + " " + visit.get("type"));
    }
    check(seen.size() == visits && different.size() == visits, seen.size() + " visits by cursors");
    String etag;
    try (Response answer = hearth.send(hearth.request("history"))) {
      etag = answer.header("ETag");
    }
    check(hearth.refresh("history", etag) == null, "304 to If-None-Match");
    Hearth.Copy copy = hearth.follow(new Hearth.Copy());
    int copied = 0;
    for (Set<String> of : copy.visits.values()) copied += of.size();
    check(copied == visits && hearth.follow(copy) == copy,
        copied + " visits in a copy, and " + copy.bookmarks.size() + " bookmarks");
    copy.generation++;
    Hearth.Copy anew = hearth.follow(copy);
    check(anew != copy && anew.visits.equals(copy.visits), "410, and all of it anew");
    exports(hearth, visits);
    parallel(hearth, opened);
    hearth.events(null, (id, name, data) -> {
      check("ready".equals(name) && id.equals("" + data.getInt("generation")), "event " + name);
      return false;
    });
    System.exit(0); // OkHttp's threads would stay for a minute
  }
}
