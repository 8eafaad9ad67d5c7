// One socket that comes back by itself. It says when it is not live, and never that it is before it has heard so.

const PING_MS = 20_000;
const PATIENCE_MS = 8000;
const MAX_WAIT_MS = 10_000;
const SIGNED_OUT = 4401;

export interface SocketOptions {
  /** Asked at every connection, so that it can carry the newest cursor. */
  url: () => string;
  onMessage: (message: unknown) => void;
  onLive: (isLive: boolean) => void;
  onSignedOut: () => void;
}

/** Opens the socket and keeps it open; the answer closes it for good. */
export function openSocket({ url, onMessage, onLive, onSignedOut }: SocketOptions): () => void {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let isClosed = false;

  const after = (ms: number, act: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  };

  const reconnect = () => {
    drop();
    onLive(false);
    if (isClosed) return;
    failures += 1;
    // With jitter: after a deploy every open tab comes back at once.
    const wait = Math.min(MAX_WAIT_MS, 250 * 2 ** Math.min(failures, 6));
    after(wait * (0.5 + Math.random() / 2), connect);
  };

  /** A network that went away tells nobody: only an answer proves that the line is there. */
  const watch = () =>
    after(PING_MS, () => {
      socket?.send("ping");
      after(PATIENCE_MS, reconnect);
    });

  const drop = () => {
    clearTimeout(timer);
    if (!socket) return;
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
    socket = undefined;
  };

  function connect(): void {
    drop();
    const address = new URL(url(), location.origin);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const opened = new WebSocket(address);
    socket = opened;
    after(PATIENCE_MS, reconnect);
    opened.onmessage = ({ data }) => {
      failures = 0;
      watch();
      if (data === "pong") return;
      onMessage(JSON.parse(String(data)));
      onLive(true);
    };
    opened.onclose = ({ code }) => {
      if (code === SIGNED_OUT) onSignedOut();
      reconnect();
    };
  }

  const wake = () => {
    if (document.visibilityState === "hidden" || isClosed) return;
    // After a sleep the line may be dead without knowing: ask at once, or connect at once.
    if (socket?.readyState === WebSocket.OPEN) {
      socket.send("ping");
      after(PATIENCE_MS, reconnect);
    } else if (failures > 0) connect();
  };
  document.addEventListener("visibilitychange", wake);
  addEventListener("online", wake);
  connect();

  return () => {
    isClosed = true;
    document.removeEventListener("visibilitychange", wake);
    removeEventListener("online", wake);
    drop();
  };
}
