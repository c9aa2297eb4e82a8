import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  server: { port: 5183, strictPort: true },
  clearScreen: false,
  build: { target: "safari17", assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
});
