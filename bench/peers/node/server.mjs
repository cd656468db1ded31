// Node's fastest well-kept pair: fastify (routes, body validated by its schema) and undici (one
// pool of keep-alive connections per upstream, none of them a queue).

import { randomUUID } from "node:crypto";
import Fastify from "fastify";
import { Pool } from "undici";

const CONNECTIONS = 512; // the most orders in flight that are measured

const pool = (url) => new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
const inventory = pool(process.env.INVENTORY_URL);
const payment = pool(process.env.PAYMENT_URL);
const shipping = pool(process.env.SHIPPING_URL);
const database = pool(process.env.DATABASE_SERVICE_URL);

async function call(upstream, method, path, key, body) {
  const headers = { "content-type": "application/json", "x-idempotency-key": key };
  if (upstream === database) headers.prefer = "return=minimal"; // as this service asks for it too
  const answer = await upstream.request({ method, path, headers, body: JSON.stringify(body) });
  const content = await answer.body.json();
  if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode}`);
  return content;
}

async function makeCalls(order) {
  const { id, userId, currency, total, address } = order;
  const items = order.items.map(({ sku, qty }) => ({ sku, qty }));
  const named = { id, orderId: id };
  const kept = { id, userId, order, progress: {} };
  await call(database, "POST", "/orders", `${id}:create`, kept);
  await call(inventory, "POST", "/reserve", `${id}:reserve`, { ...named, items });
  const amount = { amount: total, currency, userId };
  await call(payment, "POST", "/payments", `${id}:authorize`, { ...named, ...amount });
  await call(shipping, "POST", "/shipments", `${id}:ship`, { ...named, address, items });
  await call(payment, "POST", `/payments/${id}/capture`, `${id}:capture`, {});
  await call(inventory, "POST", `/reservations/${id}/commit`, `${id}:commit`, {});
  const ended = { status: "CONFIRMED", progress: {} };
  await call(database, "PATCH", `/orders/${id}`, `${id}:confirm`, ended);
}

const text = { type: "string" };
const object = (properties, required = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
});
const schema = {
  body: object(
    {
      userId: text,
      address: object({ line1: text, city: text, country: text, postalCode: text }),
      currency: text,
      items: {
        type: "array",
        items: object({ sku: text, qty: { type: "integer" }, price: { type: "number" } }),
      },
    },
    ["address", "items"],
  ),
};

const app = Fastify({ logger: false });

app.post("/orders", { schema }, async (request, reply) => {
  const cents = request.body.items.reduce((sum, i) => sum + Math.round(i.qty * i.price * 100), 0);
  const order = { id: randomUUID(), ...request.body, total: (cents / 100).toFixed(2) };
  await makeCalls(order);
  return reply.code(201).send({ ...order, status: "CONFIRMED" });
});

app.get("/readyz", async () => ({ status: "ok" }));

await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
