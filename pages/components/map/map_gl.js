/* Drawing with WebGL: all points in one call, then the highlighted ones in a second, on top. */
const VERTEX = `
attribute vec2 place; attribute float number, state;
uniform vec4 view; uniform float size, least;
varying float colour;
void main() {
  colour = number;
  gl_Position = state < least ? vec4(2., 2., 2., 1.) : vec4(place * view.xy + view.zw, 0., 1.);
  gl_PointSize = size;
}`;
const FRAGMENT = `
precision mediump float;
uniform sampler2D palette; uniform vec4 instead; uniform float opacity;
varying float colour;
void main() {
  float radius = length(gl_PointCoord - .5);
  vec3 tint = texture2D(palette, vec2((colour + .5) / 256., .5)).rgb;
  gl_FragColor = vec4(mix(tint, instead.rgb, instead.a), opacity * (1. - smoothstep(.38, .5, radius)));
}`;
const STRIDE = 7919;   // a prime; points are drawn in an order that favours no layer

/* Return null without WebGL. Call `upload(points, numbers, states)`, `palette(colours)` and then `draw(view, width, height, look)`. */
function painter(canvas, redraw) {
  const gl = canvas.getContext('webgl', { antialias: false, alpha: false, depth: false });
  if (!gl) return null;
  let program, uniform, n = 0;
  const start = () => {
    program = linked(gl);
    uniform = (name) => gl.getUniformLocation(program, name);
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  };
  start();
  canvas.addEventListener('webglcontextlost', (event) => event.preventDefault());   // otherwise the context would never be restored
  canvas.addEventListener('webglcontextrestored', () => { start(); redraw(); });
  const attribute = (name, values, length, kind, normalised) => {
    const index = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(index);
    gl.vertexAttribPointer(index, length, kind, normalised, 0, 0);
  };
  const buffers = {};
  const replaced = (name, ...rest) => {
    gl.deleteBuffer(buffers[name] ?? null);
    attribute(name, ...rest);
    buffers[name] = gl.getParameter(gl.ARRAY_BUFFER_BINDING);
  };
  return {
    upload(points, numbers, states) {
      n = points.n;
      const order = drawingOrder(n);
      const pick = (values) => Uint8Array.from(order, (id) => values[id]);
      const xy = new Uint16Array(2 * n);
      order.forEach((id, i) => xy.set([points.xy[2 * id], points.xy[2 * id + 1]], 2 * i));
      replaced('place', xy, 2, gl.UNSIGNED_SHORT, true);
      replaced('number', pick(numbers), 1, gl.UNSIGNED_BYTE, false);
      replaced('state', pick(states), 1, gl.UNSIGNED_BYTE, false);
    },
    palette(colours) {
      const texels = new Uint8Array(1024);
      colours.slice(0, 256).forEach((rgb, i) => texels.set([...rgb, 255], 4 * i));
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
    },
    draw({ x, y, scale }, width, height, look) {
      const dense = devicePixelRatio || 1, [across, up] = [2 * scale / width, 2 * scale / height];
      canvas.width = Math.round(width * dense);
      canvas.height = Math.round(height * dense);
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(...look.page.map((each) => each / 255), 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform4f(uniform('view'), across, up, -x * across, -y * up);
      const all = (least, size, instead, opacity) => {
        gl.uniform1f(uniform('least'), least);
        gl.uniform1f(uniform('size'), size * dense);
        gl.uniform4f(uniform('instead'), ...instead);
        gl.uniform1f(uniform('opacity'), opacity);
        gl.drawArrays(gl.POINTS, 0, n);
      };
      if (!n) return;
      if (!look.lit) { all(1, look.size, [0, 0, 0, 0], 0.8); return; }
      all(1, look.size, [...look.grey.map((each) => each / 255), 1], 0.35);
      all(2, look.size + 3, [0, 0, 0, 0], 1);
    },
    end() { gl.getExtension('WEBGL_lose_context')?.loseContext(); },
  };
}

function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return program;
}

function drawingOrder(n) {
  const stride = n % STRIDE ? STRIDE : 1, order = new Uint32Array(n);
  for (let i = 0, id = 0; i < n; i++, id = (id + stride) % n) order[i] = id;
  return order;
}
