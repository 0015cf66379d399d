import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Frame, FRAME_POINTS, FRAME_TEXT, FrameReader } from "../../lib/frames.ts";
import {
  createRings,
  CTL,
  FrameConsumer,
  FrameProducer,
  PointConsumer,
  PointProducer,
} from "../../lib/ring.ts";

type Point = [number, number, number, number];

function pointPair(capacity: number, start = 0) {
  const rings = createRings(capacity, 1024);
  const ctl = new Int32Array(rings.ctl);
  ctl[CTL.pointHead] = ctl[CTL.pointTail] = start;
  const producer = new PointProducer(rings), consumer = new PointConsumer(rings);
  const take = (): Point[] => {
    const points: Point[] = [];
    const head = consumer.head();
    consumer.read(head, (...point) => void points.push(point));
    consumer.release(head);
    return points;
  };
  return { producer, take };
}

test("PointProducer and PointConsumer keep every point in order, over many turns of the ring", () => {
  const { producer, take } = pointPair(8);
  const sent: Point[] = [], got: Point[] = [];

  for (let i = 0; i < 1000; i++) {
    const point: Point = [i % 3, i / 2, -i, i * 10];
    if (!producer.push(...point)) {
      producer.publish();
      got.push(...take());
      assert.ok(producer.push(...point));
    }
    sent.push(point);
  }
  producer.publish();
  got.push(...take());

  assert.deepEqual(got, sent);
});

test("PointProducer refuses a point when the ring is full, and nothing is overwritten", () => {
  const { producer, take } = pointPair(4);

  const taken = [1, 2, 3, 4, 5].map((y) => producer.push(0, 0, y, 0));
  producer.publish();

  assert.deepEqual(taken, [true, true, true, true, false]);
  assert.deepEqual(take().map((point) => point[2]), [1, 2, 3, 4]);
});

test("PointConsumer sees nothing before it is published", () => {
  const { producer, take } = pointPair(4);

  producer.push(0, 0, 1, 0);

  assert.deepEqual(take(), []);
});

function framePair(capacity: number) {
  const rings = createRings(2, capacity);
  const frames: Frame[] = [];
  const reader = new FrameReader({ frame: (frame) => void frames.push(frame), points() {} });
  const producer = new FrameProducer(rings), consumer = new FrameConsumer(rings, reader);
  const take = (): Frame[] => {
    const head = consumer.head();
    consumer.read(head);
    consumer.release(head);
    return frames.splice(0);
  };
  return { producer, take };
}

test("FrameProducer and FrameConsumer keep texts of any length and script, over many turns", () => {
  fc.assert(fc.property(
    fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { maxLength: 60 }),
    (texts) => {
      const { producer, take } = framePair(1024);
      const got: string[] = [];
      for (const [i, text] of texts.entries()) {
        while (!producer.push(FRAME_TEXT, i, i + 0.5, -i, text)) {
          const frames = take();
          assert.ok(frames.length > 0, "a full ring gives something back");
          got.push(...frames.map((frame) => frame.text));
        }
      }
      got.push(...take().map((frame) => frame.text));
      assert.deepEqual(got, texts);
    },
  ));
});

test("FrameProducer keeps the numbers of a frame exactly", () => {
  const { producer, take } = framePair(1024);

  producer.push(FRAME_TEXT, 7, 0.1, 1795196532800.25, "a\0b");

  assert.deepEqual(take(), [{
    kind: FRAME_TEXT,
    a: 7,
    step: 0.1,
    ts: 1795196532800.25,
    text: "a\0b",
  }]);
});

test("FrameReader puts a frame in pieces together", () => {
  const { producer, take } = framePair(4096);
  const body = new Uint8Array(24 + 300).fill(120);
  body.fill(0, 0, 24);

  assert.ok(producer.pushPiece(FRAME_TEXT, body.subarray(0, 200), true));
  assert.ok(producer.pushPiece(FRAME_TEXT, body.subarray(200), false));

  assert.deepEqual(take().map((frame) => frame.text), ["x".repeat(300)]);
});

test("FrameReader stops before an unfinished frame and takes points as they are", () => {
  const bytes = new Uint8Array(8 + 32), view = new DataView(bytes.buffer);
  view.setUint32(0, 32, true);
  view.setUint32(4, FRAME_POINTS, true);
  [3, 1.5, NaN, 9].forEach((value, i) => view.setFloat64(8 + 8 * i, value, true));
  const points: number[][] = [];
  const reader = new FrameReader({ frame() {}, points: (values) => void points.push([...values]) });

  assert.equal(reader.read(bytes, view, 0, 39), 0);
  assert.equal(reader.read(bytes, view, 0, 40), 40);
  assert.deepEqual(points, [[3, 1.5, NaN, 9]]);
});
